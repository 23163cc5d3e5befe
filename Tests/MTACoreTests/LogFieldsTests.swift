import Testing

@testable import MTACore

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

  /// Read back by the rules of the format: the fields are those that were written.
  @Test func whatIsWrittenIsReadBack() {
    let values = ["a b", "\\\"", "=\"x y=z", "\n", "e\u{301}", "plain", "", "\" end=y \""]
    var fields = LogFields()
    for (number, value) in values.enumerated() { fields.append("k\(number)", value) }
    let read = Self.read(Array(fields.text.utf8))
    #expect(read.map(\.key) == values.indices.map { "k\($0)" })
    #expect(read.map(\.value) == values.map { Array($0.utf8) })
  }

  private static func read(_ line: [UInt8]) -> [(key: String, value: [UInt8])] {
    var fields: [(key: String, value: [UInt8])] = []
    var rest = line[...]
    while let sign = rest.firstIndex(of: UInt8(ascii: "=")) {
      let key = String(decoding: rest[..<sign], as: UTF8.self)
      rest = rest[(sign + 1)...]
      var value: [UInt8] = []
      if rest.first == UInt8(ascii: "\"") {
        rest = rest.dropFirst()
        while let octet = rest.popFirst(), octet != UInt8(ascii: "\"") {
          guard octet == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
            value.append(octet)
            continue
          }
          if escaped == UInt8(ascii: "x") {
            value.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
          } else {
            value.append(escaped)
          }
        }
      } else {
        let plain = rest.prefix { $0 != 32 }
        value = Array(plain)
        rest = rest.dropFirst(plain.count)
      }
      fields.append((key, value))
      rest = rest.dropFirst()
    }
    return fields
  }
}
