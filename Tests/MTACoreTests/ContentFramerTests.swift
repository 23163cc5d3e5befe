import MTACore
import NIOCore
import Testing

@Suite struct ContentFramerTests {
  /// The content, whether a fault was found, and what was left behind the end.
  private func play(_ text: String, by count: Int) -> (content: String, bareLineEnd: Bool?, rest: String) {
    var framer = ContentFramer()
    var buffer = ByteBuffer()
    var content = ByteBuffer()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      buffer.writeBytes(rest.prefix(count))
      rest = rest.dropFirst(count)
      while let piece = framer.next(&buffer) {
        switch piece {
        case .bytes(let bytes): content.writeImmutableBuffer(bytes)
        case .end(let fault):
          buffer.writeBytes(rest)
          return (String(buffer: content), fault, String(buffer: buffer))
        }
      }
    }
    return (String(buffer: content), nil, String(buffer: buffer))
  }

  @Test(arguments: [1, 2, 3, 4, 5, 1000])
  func dotsAreTakenAway(count: Int) {
    let (content, fault, rest) = play("Subject: x\r\n\r\n..\r\n...a\r\n.b\r\nc.\r\n.\r\nQUIT\r\n", by: count)
    #expect(content == "Subject: x\r\n\r\n.\r\n..a\r\nb\r\nc.\r\n")
    #expect(fault == false)
    #expect(rest == "QUIT\r\n")
  }

  @Test(arguments: [1, 2, 1000])
  func theEmptyMessage(count: Int) {
    let (content, fault, rest) = play(".\r\n", by: count)
    #expect(content.isEmpty && fault == false && rest.isEmpty)
  }

  /// Every way that some server takes for an end, and that is none.
  @Test(arguments: [
    "a\n.\r\n", "a\n.\n", "a\r\n.\n", "a\r.\r\n", "a\r.\r", "a\r\n.\r", "a\r\n.\rb\r\n", "\n.\r\n", "a\r\n.\n\r\n",
    "a\r\r\n.\n",
  ])
  func nothingElseEndsIt(text: String) {
    for count in [1, 2, 3, 1000] {
      let whole = play(text + "MAIL FROM:<x@y>\r\nz\r\n.\r\nRSET\r\n", by: count)
      #expect(whole.bareLineEnd == true)
      #expect(whole.content.contains("MAIL FROM:<x@y>"))
      #expect(whole.rest == "RSET\r\n")
    }
  }

  @Test func everySplitGivesTheSame() {
    let text = "..\r\n.a\r\r\n\r\n\r\n.\rb\n.\r\n\r\n.\r\nNEXT"
    let whole = play(text, by: 1000)
    for first in 1..<text.utf8.count {
      let split = play(text, by: first)
      #expect(split.content == whole.content && split.bareLineEnd == whole.bareLineEnd && split.rest == whole.rest)
    }
  }

  /// Lines that are longer than what is looked at in one go, with something at each place of it.
  @Test func whateverStandsWhereverInALongLine() {
    for length in 0..<20 {
      for (odd, isFault) in [("\t", false), ("\0", false), ("\u{0b}", false), ("é", false), ("\r", true), ("\n", true)]
      {
        let text = String(repeating: "a", count: length) + odd + "bcdefghijklmnop\r\n"
        for count in [1, 7, 1000] {
          let (content, fault, rest) = play(text + text + ".\r\nNEXT", by: count)
          #expect(content == text + text && fault == isFault && rest == "NEXT")
        }
      }
    }
  }

  /// Whoever takes a piece has work with each, so that a dot in front of each short line must not make a piece of it.
  @Test func dotsInFrontOfShortLinesMakeFewPieces() {
    let line = Array("..\r\n".utf8)
    let text = [UInt8]((0..<50_000).map { line[$0 % 4] }) + Array(".\r\nNEXT".utf8)
    for size in [3, 1000, 65_536, 300_000] {
      var framer = ContentFramer()
      var (content, rest, pieces, reads) = (ByteBuffer(), ByteBuffer(), 0, 0)
      var end: Bool?
      for start in stride(from: 0, to: text.count, by: size) {
        reads += 1
        rest.writeBytes(text[start..<min(start + size, text.count)])
        while end == nil, let piece = framer.next(&rest) {
          switch piece {
          case .bytes(let bytes):
            pieces += 1
            content.writeImmutableBuffer(bytes)
          case .end(let bareLineEnd): end = bareLineEnd
          }
        }
      }
      #expect(Array(content.readableBytesView) == (0..<37_500).map { ".\r\n".utf8.map { $0 }[$0 % 3] })
      #expect(end == false && String(buffer: rest) == "NEXT")
      // What one read brought, or 16 KiB of it, is one piece.
      #expect(pieces <= max(reads, 50_000 / 16_384 + 1))
    }
  }
}
