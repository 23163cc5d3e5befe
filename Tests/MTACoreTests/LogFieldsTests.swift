import MTACore
import Testing

/// What stands in a log line can be told apart again, whatever it holds.
@Suite struct LogFieldsTests {
  private func line(_ value: String) -> String {
    var fields = LogFields()
    fields.append("to", value)
    fields.append("end", "x")
    return fields.text
  }

  @Test(arguments: [
    ("bob@example.net", "bob@example.net"), ("<bob+tag@example.net>", "<bob+tag@example.net>"),
    ("", "\"\""), ("two words", "\"two words\""), ("a host=evil", "\"a host=evil\""), ("a=b", "\"a=b\""),
    ("say \"hi\"", #""say \"hi\"""#), ("x\" host=\"evil", #""x\" host=\"evil""#), ("back\\", #""back\\""#),
    ("a\r\nfake line", #""a\x0D\x0Afake line""#), ("\u{0}\u{1b}[2J\u{7f}", #""\x00\x1B[2J\x7F""#),
    ("b\u{fc}cher", #""b\xC3\xBCcher""#), ("\u{202e}gpj", #""\xE2\x80\xAEgpj""#),
  ])
  func aValueImitatesNothing(value: String, written: String) {
    #expect(line(value) == "to=\(written) end=x")
  }

  @Test func aValueIsBounded() {
    let text = line(String(repeating: "a", count: LogFields.maximumOctets + 1))
    #expect(text == "to=\"" + String(repeating: "a", count: LogFields.maximumOctets) + "\"... end=x")
  }

  @Test func numbersAndTimesArePlain() {
    var fields = LogFields()
    fields.append("least", number: Int64.min)
    fields.append("none", number: 0)
    fields.append("many", number: UInt64.max)
    fields.append("short", seconds: .microseconds(1999))
    fields.append("long", seconds: .milliseconds(3_600_010))
    fields.append("back", seconds: .seconds(-1))
    #expect(
      fields.text
        == "least=-9223372036854775808 none=0 many=9223372036854775807 short=0.001 long=3600.010 back=0.000")
  }

  /// Read back by the rules of the format: the fields are those that were written.
  @Test func whatIsWrittenIsReadBack() {
    let values = ["a b", "\\\"", "=\"x y=z", "\n", "e\u{301}", "plain", "", "\" end=y \"", "\\x41", "x=\\"]
    var fields = LogFields()
    for (number, value) in values.enumerated() { fields.append("k\(number)", value) }
    let read = Array(LogFieldReader(fields.bytes[...]))
    #expect(read.map { String(decoding: $0.key, as: UTF8.self) } == values.indices.map { "k\($0)" })
    #expect(read.map(\.value) == values.map { Array($0.utf8) })
    #expect(read.allSatisfy { !$0.isCut })
  }

  @Test func aValueThatWasCutSaysSo() {
    var fields = LogFields()
    fields.append("long", "a b c", limit: 3)
    fields.append("end", "x")
    let read = Array(LogFieldReader(fields.bytes[...]))
    #expect(read.map(\.isCut) == [true, false] && read[0].value == Array("a b".utf8))
    // The line was cut.
    let half = Array(LogFieldReader(fields.bytes[..<7]))
    #expect(half.count == 1 && half[0].isCut && half[0].value == Array("a".utf8))
  }
}
