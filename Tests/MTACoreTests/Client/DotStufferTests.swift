import MTACore
import NIOCore
import Testing

struct DotStufferTests {
  static func stuff(_ text: String, chunk: Int = .max) -> (String, changed: Bool) {
    var stuffer = DotStuffer()
    var out = ByteBuffer()
    var rest = ByteBuffer(string: text)
    while let piece = rest.readSlice(length: min(chunk, rest.readableBytes)), piece.readableBytes > 0 {
      stuffer.write(piece, into: &out)
    }
    stuffer.finish(into: &out)
    return (String(buffer: out), stuffer.changedLineEnds)
  }

  @Test(arguments: [
    ("", ".\r\n", false),
    ("a", "a\r\n.\r\n", false),
    ("a\r\n", "a\r\n.\r\n", false),
    (".\r\n", "..\r\n.\r\n", false),
    ("..a\r\n.b\r\nc.d\r\n", "...a\r\n..b\r\nc.d\r\n.\r\n", false),
    (".", "..\r\n.\r\n", false),
    // What could end the content early for a lax server.
    ("a\n.\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n", true),
    ("a\r.\r\nb", "a\r\n..\r\nb\r\n.\r\n", true),
    ("a\r\n.\rb", "a\r\n..\r\nb\r\n.\r\n", true),
    ("a\r\r\nb", "a\r\n\r\nb\r\n.\r\n", true),
    ("a\n\r\nb\r", "a\r\n\r\nb\r\n.\r\n", true),
    ("\r", "\r\n.\r\n", true), ("\n", "\r\n.\r\n", true), ("\r\n", "\r\n.\r\n", false),
  ])
  func everyPieceSizeGivesTheSame(_ text: String, _ expected: String, _ changed: Bool) {
    for chunk in [1, 2, 3, 5, 1000] {
      let (out, didChange) = Self.stuff(text, chunk: chunk)
      #expect(out == expected, "in pieces of \(chunk)")
      #expect(didChange == changed, "in pieces of \(chunk)")
    }
  }

  /// What the receiver's framer takes apart is what we put together.
  @Test func theReceiversFramerUndoesIt() {
    var text = ""
    for index in 0..<300 {
      text += String(repeating: ".", count: index % 5) + String(repeating: "x", count: index % 90) + "\r\n"
    }
    var sent = ByteBuffer(string: Self.stuff(text, chunk: 97).0 + "QUIT\r\n")
    var framer = ContentFramer()
    var received = ByteBuffer()
    while let piece = framer.next(&sent) {
      if case .bytes(let bytes) = piece {
        received.writeImmutableBuffer(bytes)
      } else {
        #expect(piece == .end(bareLineEnd: false))
        break
      }
    }
    #expect(String(buffer: received) == text)
    #expect(String(buffer: sent) == "QUIT\r\n")
  }
}
