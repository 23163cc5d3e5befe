import MTACore
import MTADelivery
import MTAReceiver
import MTATestSupport
import Testing

/// From the client's words to the next server's hands, with nothing on a disk.
struct WholeWayTests {
  struct House {}

  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .glued])
  func aMailIsReceivedKeptAndDelivered(_ chunking: Dialogue.Chunking) async throws {
    try await SinkServer.serving(.init(isLMTP: true)) { sink in
      let dialogue = Dialogue(hooks: House())
      try await dialogue.play(
        """
        S: 220
        C: EHLO client.example
        S: 250
        C: MAIL FROM:<a@client.example>
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: RCPT TO:<records@test.example>
        S: 250
        C: DATA
        S: 354
        C: From: a@client.example
        C: Date: Thu, 1 Jan 2026 00:00:00 +0000
        C: Message-ID: <1@client.example>
        C:
        C: ..a dot
        C: .
        S: 250
        C: QUIT
        S: 221
        -- closed
        """, chunking: chunking)
      #expect(dialogue.store.parcels.map(\.state) == [.waiting, .recorded])

      var settings = QueueRunner.Configuration(serverName: "mx.test.example")
      settings.localDelivery = .lmtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
      let runner = try QueueRunner(
        queue: dialogue.store, dns: LiteralZone(), configuration: settings, clock: dialogue.clock)
      #expect(try await runner.runOnce() == RunSummary(delivered: 1))
      #expect(dialogue.store.parcels.map(\.state) == [.delivered, .recorded])
      #expect(dialogue.store.parcels[0].result?.message == "250 2.0.0 taken")

      let mail = try #require(sink.mails.first)
      #expect(sink.mails.count == 1)
      #expect(mail.from == "<a@client.example>")
      #expect(mail.to == ["<coco@test.example>"])
      let kept = try #require(dialogue.store.mails.first)
      #expect(kept.text.hasSuffix("\r\n\r\n.a dot\r\n"))
      #expect(mail.content.hasPrefix("Return-Path: <a@client.example>\r\nDelivered-To: coco@test.example\r\n"))
      #expect(mail.content.hasSuffix(kept.trace + kept.text))
    }
  }

  /// RFC 8601 §5: results under our own name that came with a mail are not passed on; others' are. Nor is a Return-Path of others where
  /// mail leaves SMTP (RFC 5321 §4.4).
  @Test func forgedResultsAreLeftOut() async throws {
    try await SinkServer.serving(.init(isLMTP: true)) { sink in
      let dialogue = Dialogue(hooks: House())
      try await dialogue.play(
        """
        S: 220
        C: EHLO client.example
        S: 250
        C: MAIL FROM:<a@client.example>
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: Authentication-Results: MX.test.example;
        C:  dkim=pass header.d=bank.example
        C: Return-Path: <forged@bank.example>
        C: From: a@client.example
        C: Authentication-Results: elsewhere.example; spf=pass
        C: Return-Path\\x0b: <forged@bank.example>
        C: authentication-results: mx.test.example 1; none
        C:
        C: Authentication-Results: mx.test.example; in the body
        C: .
        S: 250
        """)
      var settings = QueueRunner.Configuration(serverName: "mx.test.example")
      settings.localDelivery = .lmtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
      let runner = try QueueRunner(
        queue: dialogue.store, dns: LiteralZone(), configuration: settings, clock: dialogue.clock)
      #expect(try await runner.runOnce() == RunSummary(delivered: 1))
      let content = try #require(sink.mails.first?.content)
      let kept = try #require(dialogue.store.mails.first)
      #expect(
        content.hasSuffix(
          kept.trace + "From: a@client.example\r\nAuthentication-Results: elsewhere.example; spf=pass\r\n\r\n"
            + "Authentication-Results: mx.test.example; in the body\r\n"))
    }
  }

  @Test func aSinkSpeaksTLSAndMisbehavesWhenToldTo() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<full@") ? "452 4.2.2 quota of \(line.count)" : nil }
    behaviour.endOfContent = { _ in .drop }
    try await SinkServer.serving(behaviour) { sink in
      let store = VolatileStore()
      let clock = ManualClock()
      let recipients = try ["full@far.example", "free@far.example"].map {
        EnvelopeRecipient(try #require(Mailbox($0)))
      }
      try store.add(
        Envelope(
          id: try #require(MailID("m1")), reversePath: .null, recipients: recipients, receivedAt: clock.now),
        content: "Subject: x\r\n\r\n")
      var settings = QueueRunner.Configuration(serverName: "mx.test.example")
      settings.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      let runner = try QueueRunner(queue: store, dns: LiteralZone(), configuration: settings, clock: clock)
      #expect(try await runner.runOnce() == RunSummary(deferred: 2))
      #expect(store.parcels.map(\.state) == [.waiting, .waiting])
      #expect(store.parcels[0].result?.message.hasPrefix("452 4.2.2 quota of ") == true)
      // It was dropped behind the content: whether it was taken, nobody can know.
      #expect(sink.mails.map(\.to) == [["<free@far.example>"]])
      #expect(store.parcels[1].due > clock.now)
      #expect(sink.lines.prefix(2) == ["EHLO mx.test.example", "STARTTLS"])
    }
  }
}

extension WholeWayTests.House: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    switch mailbox.description {
    case "coco@test.example": ClientRecord(mailboxID: "coco")
    case "records@test.example": ClientRecord(mailboxID: "records", delivery: .none)
    default: nil
    }
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    nil
  }
}
