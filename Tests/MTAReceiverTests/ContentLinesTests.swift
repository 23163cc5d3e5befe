import NIOCore
import Testing

@testable import MTAReceiver

/// Content that is shown to an operator: whole lines, printable, and never too much of them.
@Suite struct ContentLinesTests {
  /// What is shown of these pieces.
  private func shown(_ pieces: [String]) -> [String] {
    let book = Book()
    var lines = ContentLines { book.lines.append($0) }
    for piece in pieces { lines.take(Array(piece.utf8)) }
    lines.finish()
    lines.finish()
    return book.lines
  }

  private final class Book { var lines: [String] = [] }

  @Test func linesAreWholeHoweverTheyCome() {
    let text = "Subject: x\r\n\r\nHello\nthere"
    #expect(shown([text]) == ["Subject: x", "", "Hello", "there"])
    #expect(shown(text.unicodeScalars.map { String($0) }) == shown([text]))
    #expect(shown([]).isEmpty)
  }

  @Test func whatIsForeignIsEscaped() {
    #expect(
      shown(["a\u{1b}[2Jb\tc\\x1b \u{7f}\r \u{fc}\0\r\n"]) == [#"a\x1b[2Jb\x09c\x5cx1b \x7f\x0d \xc3\xbc\x00"#])
  }

  @Test func aLongLineIsCut() {
    let shown = shown([String(repeating: "x", count: 2500) + "\r\n"])
    #expect(shown.map(\.count) == [1000, 1000, 500])
  }

  @Test func linesAndOctetsOfAMailHaveALimit() {
    let many = shown([String(repeating: "\n", count: 1500), "more\n"])
    #expect(many.count == 1001 && many.last == "(505 octets more)")
    let line = String(repeating: "x", count: 99) + "\n"
    let large = shown(Array(repeating: line, count: 900))
    #expect(large.joined().utf8.count < ContentLines.maximumOctets + 100)
    #expect(large.last == "(\(90_000 - 65_536) octets more)")
  }
}
