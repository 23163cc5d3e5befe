import MTACore
import MTATestSupport
import Testing

/// A line of a log as values: whoever counts mails by it gets what was logged, and nothing that a client made up.
@Suite struct LogReadingTests {
  private func read(_ text: String) -> LogLine? { LogLine(Array(text.utf8)[...]) }
  private func word(_ bytes: ArraySlice<UInt8>?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  @Test func aLineHasItsParts() throws {
    let line = try #require(
      read(
        "2026-11-30T14:31:44.123Z receiver[712] [info] mta.receiver: login refused client=192.0.2.7 helo=\"a client=1.2.3.4\""
      ))
    #expect(word(line.time) == "2026-11-30T14:31:44.123Z" && word(line.role) == "receiver[712]")
    #expect(word(line.level) == "info" && word(line.label) == "mta.receiver" && word(line.event) == "login refused")
    #expect(line.text("client") == "192.0.2.7" && line.text("helo") == "a client=1.2.3.4")
    #expect(line.text("port") == nil && Array(line.fields).count == 2)
  }

  @Test func partsMayBeMissing() throws {
    let line = try #require(read("[notice] mta: reloaded"))
    #expect(line.time == nil && line.role == nil && word(line.event) == "reloaded" && line.text("id") == nil)
    #expect(word(read("[info] mta: listening on ::1 port 25 role=standard")?.event) == "listening on ::1 port 25")
    // Fields alone are fields.
    #expect(word(read("[info] mta: a=b")?.event) == "")
  }

  @Test(arguments: [
    "", "[", "[info]", "[info] ", "[info] mta", "[info] mta:", "words and no level", "a b c [info] mta: x",
  ])
  func otherTextIsNoLine(text: String) {
    #expect(read(text) == nil)
  }

  /// Any bytes: reading ends, and gives no more fields than there are signs of equality.
  @Test func anyBytesAreReadToAnEnd() {
    var random = SeededGenerator(seed: 14)
    let pieces = ["[info] ", "mta: ", " ", "=", "\"", "\\", "\\x", "a", "\\x4", "client=1 ", "\u{fc}", "\n"]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0..<20, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
      for field in read("[info] mta: " + text)?.fields ?? LogFieldReader([]) { #expect(!field.key.isEmpty) }
      let count = Array(LogFieldReader(Array(text.utf8)[...])).count
      #expect(count <= text.utf8.count { $0 == UInt8(ascii: "=") })
    }
  }
}
