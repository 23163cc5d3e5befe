import MTAReceiver
import NIOCore
import Testing

@testable import MTACore

extension GrowthTests {
  /// Lines are bounded; their parsers must not rely on it.
  @Test(arguments: Shape.pairs(Shape.within)) func commands(_ shapes: [Shape]) throws {
    let parser = CommandParser(capabilities: .all)
    let starts = [
      "", "EHLO ", "EHLO [", "MAIL FROM:<", "MAIL FROM:<\"", "MAIL FROM:<a@b.example> ",
      "MAIL FROM:<a@b.example> AUTH=",
      "RCPT TO:<a@", "RCPT TO:<@a,@b:", "RCPT TO:<a@b.example> ORCPT=rfc822;", "RCPT TO:<a@b.example> NOTIFY=", "VRFY ",
      "AUTH PLAIN ", "BDAT ", "XCLIENT LOGIN=", "XCLIENT ",
    ]
    try Growth.holds("commands", of: shapes, behind: starts, upTo: 1 << 19) {
      _ = try? parser.parse($0, inUTF8Transaction: true)
    }
  }

  @Test(arguments: Shape.pairs(Shape.within)) func addresses(_ shapes: [Shape]) throws {
    let starts = ["", "a@", "[", "\"", "a <"]
    try Growth.holds("addresses", of: shapes, behind: starts, ending: ">", upTo: 1 << 19) { octets in
      let text = String(decoding: octets.dropLast(), as: UTF8.self)
      _ = Mailbox(text)
      _ = Domain(text, international: true)
      _ = DNSName(text)
      _ = DNSName(international: text)
      _ = IPAddress(text)
      let header = HeaderSection(Array("From: ".utf8) + octets + [13, 10, 13, 10])
      _ = header.authors
      _ = header.authorship
    }
  }

  @Test(arguments: Shape.pairs(Shape.words)) func logins(_ shapes: [Shape]) throws {
    let context = SASLContext(encryption: Encryption(version: "TLSv1.3", cipher: "X", bits: 256), offered: [])
    let mechanisms: [any SASLMechanism] =
      [SASLPlain(), SASLLogin(), SASLBearer.oauthbearer, SASLBearer.xoauth2] + SASLSCRAM.sha256()
    let starts = ["", "n,,", "n,a=", "n,,n=u,r=", "n,,\u{1}auth=Bearer ", "user=", "\u{0}a\u{0}"]
    try Growth.holds("logins", of: shapes, behind: starts, upTo: 1 << 19) { response in
      for mechanism in mechanisms {
        var exchange = mechanism.makeExchange(context)
        _ = exchange.start(response)
      }
      _ = Base64.decode(response)
    }
  }

  /// Many small commands, each refused, in pieces of any size.
  @Test(arguments: [Shape.shortLines, .emptyLines, .returns, .feeds, .word, .tabs])
  func linesThatComeInPieces(_ shape: Shape) throws {
    try Growth.holds("lines of \(shape)", upTo: 1 << 19) {
      shape.octets($0)
    } _: { octets in
      for size in [1, 4096] {
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
