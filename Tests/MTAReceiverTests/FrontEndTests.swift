import MTACore
import MTATestSupport
import NIOCore
import Testing

@testable import MTAReceiver

/// Clients that come through front ends of ours: XCLIENT and the PROXY protocol.
@Suite struct FrontEndTests {
  @Test func xclientBeginsTheSessionAnew() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.facts.mayUseXCLIENT = true
    dialogue.facts.isTrusted = true
    try await dialogue.play(
      """
      S: 220
      C: EHLO front.example
      S: 250 *XCLIENT NAME ADDR
      C: XCLIENT ADDR=IPV6:2001:db8::7 PORT=99 NAME=[UNAVAILABLE] HELO=client.example
      S: 220 mx.test.example
      C: MAIL FROM:<>
      S: 503
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: XCLIENT ADDR=192.0.2.9
      S: 503 5.5.1
      C: RCPT TO:<b@elsewhere.example>
      S: 550 5.7.1
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: .
      S: 250
      C: XCLIENT LOGIN=coco@test.example
      S: 550 5.7.1
      """)
    #expect(dialogue.store.mails.first?.trace.contains("[IPv6:2001:db8::7]") == true)
  }

  @Test func xclientTellsOfALogin() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.facts.mayUseXCLIENT = true
    try await dialogue.play(
      """
      S: 220
      C: XCLIENT ADDR=nonsense
      S: 501 5.5.4
      C: XCLIENT LOGIN=nobody@test.example
      S: 501 5.5.4
      C: XCLIENT ADDR=192.0.2.9 LOGIN=coco@test.example
      S: 220
      C: EHLO x
      S: 250
      C: MAIL FROM:<mike@test.example>
      S: 550 5.7.1
      """)
    #expect(dialogue.store.contact(of: .v4(0xC000_0209))?.hits == 1)
  }

  @Test func strangersHaveNoXCLIENT() async throws {
    try await Dialogue(hooks: Village()).play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: XCLIENT ADDR=127.0.0.1
      S: 550 5.7.1
      """)
  }

  /// The client that the header tells of, or "more", "none" or "fault"; and what is left.
  private func take(_ bytes: [UInt8]) -> (String, Int) {
    var buffer = ByteBuffer(bytes: bytes)
    do {
      guard let header = try ProxyHeader.take(from: &buffer) else { return ("more", buffer.readableBytes) }
      return (header.client.map { "\($0.address) \($0.port)" } ?? "none", buffer.readableBytes)
    } catch { return ("fault", 0) }
  }

  @Test(arguments: [
    ("PROXY TCP4 192.0.2.1 192.0.2.2 4711 25\r\nEHLO", "192.0.2.1 4711"),
    ("PROXY TCP6 2001:db8::1 ::1 65535 25\r\n", "2001:db8::1 65535"),
    ("PROXY UNKNOWN\r\n", "none"), ("PROXY UNKNOWN a b c\r\n", "none"), ("PROXY TCP4 192", "more"), ("PR", "more"),
    ("", "more"),
    ("EHLO x\r\n", "fault"), ("EHLO", "fault"), ("PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n", "fault"),
    ("PROXY TCP4 x 192.0.2.2 1 2\r\n", "fault"),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 65536 25\r\n", "fault"), ("PROXY TCP4 192.0.2.1 192.0.2.2 +1 25\r\n", "fault"),
    ("PROXY TCP4 192.0.2.1 192.0.2.2 1 25\n", "fault"),
    ("PROXY UNKNOWN " + String(repeating: "x", count: 100), "fault"),
  ])
  func proxyVersion1(text: String, expected: String) { #expect(take(Array(text.utf8)).0 == expected) }

  @Test func proxyVersion2() {
    let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    let four: [UInt8] = [0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 0, 25]
    #expect(take(signature + four + [1, 2]) == ("192.0.2.1 4711", 2))
    for count in 0..<(signature + four).count { #expect(take(Array((signature + four).prefix(count))).0 == "more") }
    #expect(take(signature + [0x20, 0, 0, 3, 9, 9, 9]) == ("none", 0))
    #expect(take(signature + [0x21, 0x31, 0, 1, 9]) == ("none", 0))
    #expect(take(signature + [0x21, 0x11, 0, 11] + four.dropFirst(4).dropLast()).0 == "fault")
    #expect(take(signature + [0x31, 0x11, 0, 12]).0 == "fault")
    #expect(take(signature + [0x21, 0x11, 0xff, 0xff]).0 == "fault")
  }
}
