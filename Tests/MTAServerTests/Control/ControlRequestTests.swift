import MTACore
import MTASystem
import MTATestSupport
import Testing

@testable import MTAServer

/// What is said at the control socket.
struct ControlRequestTests {
  @Test func requestsComeBackAsTheyWere() throws {
    let requests: [ControlRequest] = [
      .status, .trace(TraceChoice()), .trace(TraceChoice(direction: .outbound)),
      .trace(
        TraceChoice(
          direction: .inbound, network: Network("2001:db8::/32"),
          domain: Domain("b\u{fc}cher.example", international: true))),
    ]
    for request in requests { #expect(try ControlRequest(request.bytes[...]) == request) }
    #expect(requests.map(\.right) == [.read, .operate, .operate, .operate])
  }

  @Test(arguments: [
    "", "x", "control=1", "verb=trace", "control=2 verb=trace", "control=1 verb=reload", "control=1 verb=trace way=up",
    "control=1 verb=trace client=300.1.1.1", "control=1 verb=trace domain=-", "control=1 verb=trace more=1",
    "GET / HTTP/1.1", "\u{0}\u{ff}=\"\\x",
  ])
  func anythingElseIsRefused(_ line: String) {
    #expect(throws: ControlRefusal.self) { try ControlRequest(Array(line.utf8)[...]) }
  }

  @Test func anyOctetsAreReadWithoutATrap() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let line =
        Array("control=1 verb=trace client=".utf8) + (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }
      _ = try? ControlRequest(line[...])
      _ = TraceMessage(line[...])
      _ = ControlStatus(line[...])
    }
  }

  @Test func messagesComeBackAsTheyWere() throws {
    let line = TracedLine(
      at: Timestamp(milliseconds: 1_796_083_200_123),
      DialogueLine(
        .outbound, .server, peer: "mx.far.example[192.0.2.7]:25", session: SessionID("1tSiLu000-2"),
        "250 \"x\" \\ \u{1b}[2J"))
    for message: TraceMessage in [.line(line), .lost(17), .end(.stopping), .end(.replaced)] {
      #expect(message.bytes.last == 10 && !message.bytes.dropLast().contains { $0 < 32 || $0 > 126 })
      #expect(TraceMessage(message.bytes.dropLast()) == message)
    }
    let status = ControlStatus(
      version: "0.1.0", process: 17, isolation: "workers:2", since: line.at, sessions: 3, copies: nil, tracers: 1)
    #expect(ControlStatus(status.bytes.dropLast()) == status)
  }

  @Test func longTextsAreCut() {
    let line = TracedLine(
      at: Timestamp(milliseconds: 0), DialogueLine(.inbound, .client, peer: "", String(repeating: "x", count: 5000)))
    #expect(line.line.text == String(repeating: "x", count: TracedLine.maximumOctets) + "...")
  }

  @Test func ownersAdministerAndMembersOperate() {
    let rights = ControlRights(group: 50, owners: [0, 33])
    #expect(rights.right(user: 0, groups: []) == .administer)
    #expect(rights.right(user: 33, groups: [33]) == .administer)
    #expect(rights.right(user: 1000, groups: [1000, 50]) == .operate)
    #expect(rights.right(user: 1000, groups: [1000]) == nil)
    #expect(rights.right(user: nil, groups: [50]) == nil)
    #expect(ControlRight.read < .operate && ControlRight.operate < .administer)
  }
}
