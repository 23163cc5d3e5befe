import MTA
import MTATestSupport
import Testing

@testable import TicketServer

@Suite struct TicketServerTests {
  @Test func whatIsSentToTheDeskBecomesATicket() async throws {
    let dialogue = Dialogue(hooks: Desk())
    dialogue.configuration.recipientRules = [NoRelayingRule(localDomains: ["desk.example"])]
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<nobody@desk.example>
      S: 550 5.1.1
      C: RCPT TO:<Help@desk.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: it does not work
      C:
      C: What now?
      C: .
      S: 250
      """)
    var configuration = QueueRunner.Configuration(serverName: "mx.desk.example")
    configuration.localAgent = Tickets().agent
    // At noon: mail that stays here does not wait.
    let clock = ManualClock(Timestamp(milliseconds: 1_767_268_800_000))
    configuration.hooks = Nights(clock: clock)
    let runner = try QueueRunner(
      queue: dialogue.store, dns: EmptyZone(), configuration: configuration, clock: clock)
    #expect(try await runner.runOnce() == RunSummary(delivered: 1))
    #expect(dialogue.store.parcels.map { $0.result?.message } == ["2.0.0 ticket 1"])
  }

  @Test(arguments: [(5, true), (6, false), (19, false), (20, true)])
  func mailToOthersWaitsForTheNight(hour: Int64, goes: Bool) async throws {
    try await SinkServer.serving { sink in
      let clock = ManualClock(Timestamp(milliseconds: 1_767_225_600_000 + hour * 3_600_000))
      let store = VolatileStore()
      let envelope = Envelope(
        id: MailID(at: clock.now, random: 1), reversePath: .mailbox("help@desk.example"),
        recipients: [EnvelopeRecipient("ann@client.example")], receivedAt: clock.now)
      try store.add(envelope, content: "Subject: answer\r\n\r\nNow it does.\r\n")
      var configuration = QueueRunner.Configuration(serverName: "mx.desk.example")
      configuration.hooks = Nights(clock: clock)
      configuration.remoteSMTPPort = sink.port
      configuration.ignoreTargets = []
      let runner = try QueueRunner(
        queue: store, dns: LiteralZone("client.example A 127.0.0.1"), configuration: configuration, clock: clock)
      #expect(try await runner.runOnce() == (goes ? RunSummary(delivered: 1) : RunSummary(deferred: 1)))
      #expect(sink.mails.count == (goes ? 1 : 0))
    }
  }
}
