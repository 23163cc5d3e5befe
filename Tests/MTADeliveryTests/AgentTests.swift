import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Local mail for code of the adopter's own.
struct AgentTests {
  static let text = "Subject: x\r\n\r\n.dot\r\n"

  /// Keeps what it gets; refuses some.
  struct Desk: DeliveryAgent {
    struct Entry: Hashable, Sendable {
      var to: [String]
      var mailboxes: [String?]
      var text: String
    }
    let entries = NIOLockedValueBox<[Entry]>([])

    func deliver(_ mail: AgentMail, to recipients: [EnvelopeRecipient]) async -> [AgentResult] {
      do {
        let text = try await mail.bytes(upTo: 10_000)
        let entry = Entry(
          to: recipients.map { "\($0.mailbox)" }, mailboxes: recipients.map(\.client?.mailboxID),
          text: String(buffer: text))
        entries.withLockedValue { $0.append(entry) }
      } catch {
        return recipients.map { _ in .deferred("\(error)") }
      }
      return recipients.map { recipient in
        switch recipient.mailbox.localPart {
        case "no": .failed("not here\r\nRCPT TO:<x>", status: .noSuchMailbox)
        case "later": .deferred("come again")
        default: .delivered("ticket 7")
        }
      }
    }
  }

  @Test func eachRecipientHasItsOwnResult() async throws {
    var setup = Setup()
    let desk = Desk()
    setup.configuration.localAgent = desk
    // The agent goes before.
    setup.configuration.localDelivery = .maildir(directory: "/nonexistent")
    try setup.queue.add(
      .test("m1", from: "<>", to: ["a@a.example", "later@a.example", "no@a.example"], .local, at: setup.clock.now),
      trace: "Received: us\r\n", content: Self.text)
    try await setup.expectRun(RunSummary(delivered: 1, deferred: 1, failed: 1))
    #expect(
      setup.queue.outcomes == [
        "a@a.example": "delivered 2.0.0 ticket 7", "later@a.example": "waiting 4.2.0 come again",
        "no@a.example": "failed 5.1.1 not here??RCPT TO:<x>",
      ])
    let entries = desk.entries.withLockedValue { $0 }
    #expect(
      entries == [
        .init(
          to: ["a@a.example", "later@a.example", "no@a.example"],
          mailboxes: ["a@a.example", "later@a.example", "no@a.example"],
          text: "Return-Path: <>\r\nReceived: us\r\n" + Self.text)
      ])
  }

  @Test func aClosureServesAndWhomItForgetsWaits() async throws {
    var setup = Setup()
    setup.configuration.localAgent = ClosureAgent { mail, recipients in
      mail.size < 1000 ? [.delivered()] : recipients.map { _ in .failed("too big", status: .tooBig) }
    }
    try setup.queue.add(
      .test("m1", to: ["a@a.example", "b@a.example"], .local, at: setup.clock.now), content: Self.text)
    try await setup.expectRun(RunSummary(delivered: 1, deferred: 1))
    #expect(setup.queue.outcomes["b@a.example"] == "waiting 4.2.0 the agent gave no answer")
  }

  @Test func aTextBeyondTheLimitIsNotRead() async throws {
    var setup = Setup()
    setup.configuration.localAgent = Desk()
    try setup.queue.add(
      .test("m1", to: ["a@a.example"], .local, at: setup.clock.now),
      content: Self.text + String(repeating: "x", count: 10_000))
    try await setup.expectRun(RunSummary(deferred: 1))
    #expect(setup.queue.outcomes["a@a.example"]?.contains("TooLarge") == true)
  }

  /// Remote mail is none of its business.
  @Test func onlyLocalMailGoesToTheAgent() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.localAgent = ClosureAgent { _, recipients in recipients.map { _ in .failed("no") } }
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }
}
