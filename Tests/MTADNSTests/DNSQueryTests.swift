import MTACore
import MTADNS
import MTATestSupport
import Testing

struct DNSQueryTests {
  @Test func writesTheQuestion() {
    let query = DNSQuery(DNSName(test: "mx.example"), .mx, id: 0xabcd)
    let expected: [UInt8] =
      [0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1, 2] + Array("mx".utf8) + [7] + Array("example".utf8)
      + [0, 0, 15, 0, 1] + [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]
    #expect(query.packet == expected)
    let plain = DNSQuery(.root, .ns, id: 1, extensions: false, asksAuthenticated: true)
    #expect(plain.packet == [0, 1, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1])
  }

  /// Under TLS the size of a query tells nothing of its name (RFC 8467 §4.1).
  @Test func padding() throws {
    for count in 1...60 {
      let name = DNSName(test: String(repeating: "a", count: count) + "." + String(repeating: "b", count: 50))
      let query = DNSQuery(name, .a, id: 1, isPadded: true)
      #expect(query.packet.count.isMultiple(of: 128))
      // What an answer echoes is the question alone.
      #expect(query.match(AnswerBuilder(to: query.packet).packet) == .answer)
      let message = try DNSMessage(query.packet)
      #expect(message.code == 0)
    }
  }

  @Test func caseIsRandomInLettersOnly() {
    let query = DNSQuery(DNSName(test: "a1-b_c.z"), .a, id: 1, casing: [0b1010])
    #expect(Array(query.packet[12..<23]) == [6] + Array("a1-B_c".utf8) + [1] + Array("Z".utf8) + [0, 0])
    var generator = SeededGenerator(seed: 4343)
    let long = DNSName(test: Array(repeating: String(repeating: "abcdefgh", count: 7), count: 4).joined(separator: "."))
    let random = (0..<50).map { _ in
      DNSQuery.random(long, .a, extensions: true, asksAuthenticated: false, using: &generator).packet
    }
    #expect(Set(random).count == 50)
    #expect(Set(random.map { $0[0...1] }).count > 40)
  }

  @Test func tellsItsAnswerFromOthers() {
    let query = DNSQuery(DNSName(test: "example.org"), .a, id: 7, casing: [0xff, 0xff])
    let good = AnswerBuilder(to: query.packet)
    #expect(query.match(good.packet) == .answer)
    #expect(query.match(query.packet) == .stranger)
    #expect(query.match([]) == .stranger)

    var other = good
    other.id = 8
    #expect(query.match(other.packet) == .stranger)
    other = good
    other.question = AnswerBuilder.name("EXAMPLE.ORH") + [0, 1, 0, 1]
    #expect(query.match(other.packet) == .stranger)
    other.question = AnswerBuilder.name("EXAMPLE.ORG") + [0, 28, 0, 1]
    #expect(query.match(other.packet) == .stranger)
    other.question = AnswerBuilder.name("EXAMPLE.ORG") + [0, 1, 0, 3]
    #expect(query.match(other.packet) == .stranger)
    other.question = AnswerBuilder.name("EXAMPLE.oRG") + [0, 1, 0, 1]
    #expect(query.match(other.packet) == .caseDiffers)

    // A server from before EDNS.
    #expect(query.match([0, 7, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]) == .refusal)
    #expect(query.match([0, 7, 0x81, 0x82, 0, 0, 0, 0, 0, 0, 0, 0]) == .stranger)
  }
}
