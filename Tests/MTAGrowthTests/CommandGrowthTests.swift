import MTAReceiver
import NIOCore
import Testing

@testable import MTACore

extension GrowthTests {
  /// Lines are bounded; their parsers must not rely on it.
  @Test(arguments: Shape.within) func commands(_ shape: Shape) throws {
    let parser = CommandParser(capabilities: .all)
    let starts = [
      "", "EHLO ", "EHLO [", "MAIL FROM:<", "MAIL FROM:<\"", "MAIL FROM:<a@b.example> ",
      "MAIL FROM:<a@b.example> AUTH=",
      "RCPT TO:<a@", "RCPT TO:<@a,@b:", "RCPT TO:<a@b.example> ORCPT=rfc822;", "RCPT TO:<a@b.example> NOTIFY=", "VRFY ",
      "AUTH PLAIN ", "BDAT ", "XCLIENT LOGIN=", "XCLIENT ",
    ]
    try Growth.holds("commands", of: shape, behind: starts, upTo: 1 << 19) {
      _ = try? parser.parse($0, inUTF8Transaction: true)
    }
  }

  @Test(arguments: Shape.within) func addresses(_ shape: Shape) throws {
    try Growth.holds("addresses", of: shape, behind: ["", "a@", "[", "\""], upTo: 1 << 19) { octets in
      let text = String(decoding: octets, as: UTF8.self)
      _ = Mailbox(text)
      _ = Domain(text, international: true)
      _ = DNSName(text)
      _ = DNSName(international: text)
      _ = IPAddress(text)
    }
    try Growth.holds(
      "From", of: shape, behind: ["From: ", "From: a <", "From: a@"], ending: ">\r\n\r\n", upTo: 1 << 19
    ) {
      _ = HeaderSection($0).authors
    }
  }

  @Test(arguments: Shape.words) func logins(_ shape: Shape) throws {
    let context = SASLContext(encryption: Encryption(version: "TLSv1.3", cipher: "X", bits: 256), offered: [])
    let mechanisms: [any SASLMechanism] =
      [SASLPlain(), SASLLogin(), SASLBearer.oauthbearer, SASLBearer.xoauth2] + SASLSCRAM.sha256()
    let starts = ["", "n,,", "n,a=", "n,,n=u,r=", "n,,\u{1}auth=Bearer ", "user=", "\u{0}a\u{0}"]
    try Growth.holds("logins", of: shape, behind: starts, upTo: 1 << 19) { response in
      for mechanism in mechanisms {
        var exchange = mechanism.makeExchange(context)
        _ = exchange.start(response)
      }
      _ = Base64.decode(response)
    }
  }

  /// Many small commands, each refused, in pieces of any size.
  @Test(arguments: [1, 4096]) func linesThatComeInPieces(_ size: Int) throws {
    for shape in [Shape.shortLines, .emptyLines, .returns, .feeds, .word, .tabs] {
      try Growth.holds("lines of \(shape) by \(size)", upTo: 1 << 19) {
        shape.octets($0)
      } _: { octets in
        var framer = LineFramer(limit: 2048)
        var buffer = ByteBuffer()
        for start in stride(from: 0, to: octets.count, by: size) {
          buffer.writeBytes(octets[start..<min(start + size, octets.count)])
          while framer.next(&buffer) != nil {}
        }
      }
    }
  }
}
