import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@testable import MTALink

/// Dialogues on their way to those who follow them.
@Suite(.endsHangs) struct LinkFollowingTests {
  private static func line(_ text: String) -> TracedLine {
    TracedLine(
      at: Samples.noon,
      DialogueLine(
        .inbound, .client, connection: 1, peer: "127.0.0.1", address: .loopback4, session: SessionID("s-1"), text))
  }

  @Test func receiversSayLinesOnlyWhileSomebodyFollows() async throws {
    let heard = NIOLockedValueBox<[String]>([])
    let stage = LinkStage(service: { configuration in
      configuration.dialogue = { line, _ in heard.withLockedValue { $0.append(line.line.text) } }
    })
    let service = try stage.start(KeepingStore())
    await stage.client.untilReady()
    #expect(!stage.client.follows.isOn)
    stage.client.tell(Self.line("before"))
    service.follow(true)
    try await eventually("the receiver knows") { stage.client.follows.isOn }
    stage.client.tell(Self.line("EHLO x"))
    try await eventually("it is heard") { heard.withLockedValue { $0 } == ["EHLO x"] }
    service.follow(false)
    try await eventually("the receiver knows that they left") { !stage.client.follows.isOn }
  }

  @Test func aNewReceiverIsToldAndALostQueueProcessEndsIt() async throws {
    let stage = LinkStage()
    let service = try stage.start(KeepingStore())
    service.follow(true)
    try await eventually("the receiver knows") { stage.client.follows.isOn }
    stage.kill()
    try await eventually("it says no more") { !stage.client.follows.isOn }
    // The next queue process has nobody who follows.
    try stage.start(KeepingStore())
    await stage.client.untilReady()
    #expect(!stage.client.follows.isOn)
  }

  @Test func linesAreDroppedAndCountedWhereTheQueueProcessDoesNotRead() async throws {
    let gate = Gate()
    let (told, lost) = (NIOLockedValueBox(0), NIOLockedValueBox<UInt64>(0))
    let stage = LinkStage(service: { configuration in
      configuration.dialogue = { _, count in
        gate.wait()
        told.withLockedValue { $0 += 1 }
        lost.withLockedValue { $0 += count }
      }
    })
    let service = try stage.start(KeepingStore())
    service.follow(true)
    try await eventually("the receiver knows") { stage.client.follows.isOn }
    let text = String(repeating: "x", count: 900)
    for _ in 0..<5000 { stage.client.tell(Self.line(text)) }
    gate.open()
    try await eventually("the loss is told") {
      stage.client.tell(Self.line("more"))
      return lost.withLockedValue { $0 } > 0
    }
    #expect(told.withLockedValue { $0 } + 1 < 5000)
  }
}
