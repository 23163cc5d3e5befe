import MTACore
import MTASystem
import NIOCore
import Testing

@testable import MTAServer

/// Which lines somebody gets who follows.
struct TraceFilterTests {
  private static func line(
    _ session: Int, _ text: String, side: DialogueLine.Side = .client, out peer: String? = nil,
    from address: IPAddress = .loopback4
  ) -> TracedLine {
    TracedLine(
      at: Timestamp(milliseconds: 0),
      DialogueLine(
        peer == nil ? .inbound : .outbound, side, peer: peer ?? "\(address)", address: address,
        session: SessionID("s-\(session)"), text))
  }

  @Test func withoutAChoiceAllIsShown() {
    var filter = TraceFilter(TraceChoice())
    #expect(filter.take(Self.line(1, "EHLO x")).count == 1)
    #expect(filter.take(Self.line(2, "EHLO x", out: "mx.far.example[192.0.2.1]:25")).count == 1)
  }

  @Test func directionAndNetworkChoose() throws {
    var filter = TraceFilter(TraceChoice(direction: .inbound, network: Network("192.0.2.0/24")))
    let near = try #require(IPAddress("192.0.2.9"))
    #expect(filter.take(Self.line(1, "EHLO x", from: near)).count == 1)
    #expect(filter.take(Self.line(1, "EHLO x")).isEmpty)
    #expect(filter.take(Self.line(1, "EHLO x", out: "mx.far.example[192.0.2.9]:25", from: near)).isEmpty)
  }

  @Test func aSessionIsShownFromItsBeginOnceItNamesTheDomain() {
    var filter = TraceFilter(TraceChoice(domain: Domain("Village.example")))
    #expect(filter.take(Self.line(1, "220 mx", side: .server)).isEmpty)
    #expect(filter.take(Self.line(2, "220 mx", side: .server)).isEmpty)
    #expect(filter.take(Self.line(1, "MAIL FROM:<a@far.example>")).isEmpty)
    #expect(filter.take(Self.line(2, "RCPT TO:<b@far.example>")).isEmpty)
    #expect(
      filter.take(Self.line(1, "rcpt to:<ann@VILLAGE.example> NOTIFY=NEVER")).map(\.line.text)
        == ["220 mx", "MAIL FROM:<a@far.example>", "rcpt to:<ann@VILLAGE.example> NOTIFY=NEVER"])
    #expect(filter.take(Self.line(1, "DATA")).count == 1)
    #expect(filter.take(Self.line(2, "DATA")).isEmpty)
  }

  @Test func aNextHopIsChosenByItsName() {
    var filter = TraceFilter(TraceChoice(domain: Domain("mx.far.example")))
    #expect(filter.take(Self.line(1, "220 x", side: .server, out: "mx.far.example[192.0.2.1]:25")).count == 1)
    #expect(filter.take(Self.line(2, "220 x", side: .server, out: "mx.near.example[192.0.2.1]:25")).isEmpty)
  }

  /// A server may say what it likes: only the client's words name a mail.
  @Test func repliesNameNoDomain() {
    var filter = TraceFilter(TraceChoice(domain: Domain("village.example")))
    #expect(filter.take(Self.line(1, "MAIL FROM:<a@village.example>", side: .server)).isEmpty)
  }

  @Test(arguments: [
    ("MAIL FROM:<>", nil), ("MAIL FROM:<a@b.example> SIZE=1", "b.example"),
    ("RCPT TO:<\"a>@x\"@b.example>", "b.example"),
    ("RCPT TO:<\"a\\\"@c.example>\"@b.example>", "b.example"), ("RCPT TO:<a@b.example", nil), ("RCPT TO:<a@>", nil),
    ("NOOP <a@b.example>", nil), ("RCPT TO:<\"\\", nil), ("RCPT TO:", nil),
  ])
  func theDomainOfAPath(_ text: String, _ domain: String?) {
    #expect(TraceFilter.domain(saidIn: Array(text.utf8)) == domain.flatMap { Domain($0) })
  }

  @Test func whatIsKeptIsBounded() {
    var filter = TraceFilter(TraceChoice(domain: Domain("village.example")))
    for number in 0..<1000 {
      #expect(filter.take(Self.line(1, "NOOP \(number)")).isEmpty)
    }
    let shown = filter.take(Self.line(1, "MAIL FROM:<a@village.example>"))
    #expect(shown.count == TraceFilter.held + 1)
    #expect(shown.first?.line.text == "NOOP \(1000 - TraceFilter.held)")
    // Sessions, and octets of all: the oldest are forgotten.
    let long = String(repeating: "x", count: 900)
    for session in 10..<3000 { #expect(filter.take(Self.line(session, long)).isEmpty) }
    #expect(filter.take(Self.line(10, "MAIL FROM:<a@village.example>")).count == 1)
    #expect(filter.take(Self.line(2999, "MAIL FROM:<a@village.example>")).count == 2)
  }

  /// Also when nothing more is said.
  @Test func whatWasLostLastIsToldBehindWhatWaited() throws {
    let tracer = Tracer(TraceChoice()) {}
    let count = 3000
    for _ in 1...count { tracer.take(Self.line(1, String(repeating: "x", count: 500)), lost: 0) }
    var text = ""
    while let piece = tracer.fetch() { text += String(buffer: piece) }
    let lines = text.split(separator: "\n")
    #expect(lines.count > 1 && lines.count < count)
    let last = try #require(lines.last)
    #expect(last == "lost=\(count - (lines.count - 1))")
    #expect(tracer.fetch() == nil)
  }
}
