import MTACore
import MTADelivery
import MTAReceiver
import MTATestSupport
import Testing

/// Forwarded mail, from the client's words to the next server's hands, and its reports the way back.
@Suite struct ForwardedMailTests {
  /// Sends `info` and `also` on to others.
  struct House {}

  private static func dialogue() throws -> Dialogue {
    let dialogue = Dialogue(hooks: House())
    let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    dialogue.configuration.rewriter = SRSRewriter(domain: Domain("srs.example"), secrets: [secret])
    return dialogue
  }

  private static func script(from sender: String, to recipients: [String], _ reply: String = "250") -> String {
    """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<\(sender)>
    S: 250

    """ + recipients.map { "C: RCPT TO:<\($0)>\nS: 250\n" }.joined() + """
      C: DATA
      S: 354
      C: From: a@client.example
      C:
      C: text
      C: .
      S: \(reply)
      """
  }

  private static func deliver(_ dialogue: Dialogue, to sink: SinkServer, local: SinkServer? = nil) async throws
    -> RunSummary
  {
    var settings = QueueRunner.Configuration(serverName: "mx.test.example")
    settings.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
    if let local { settings.localDelivery = .lmtp(try #require(HostAndPort("127.0.0.1:\(local.port)"))) }
    return try await QueueRunner(
      queue: dialogue.store, dns: LiteralZone(), configuration: settings, clock: dialogue.clock
    ).runOnce()
  }

  @Test func aForwardedMailLeavesUnderOurSenderAndItsReportReturns() async throws {
    try await SinkServer.serving { sink in
      let dialogue = try Self.dialogue()
      try await dialogue.play(Self.script(from: "a@client.example", to: ["info@test.example"]))
      #expect(try await Self.deliver(dialogue, to: sink) == RunSummary(delivered: 1))
      let forwarded = try #require(sink.mails.first)
      #expect(forwarded.from == "<SRS0=sswkru=7G=client.example=a@srs.example>")
      #expect(forwarded.to == ["<ann@far.example>"])
      #expect(forwarded.content.hasPrefix("Delivered-To: info@test.example\r\nReceived: from client.example"))
      #expect(!forwarded.content.contains("Return-Path"))

      // It bounces there.
      try await dialogue.play(Self.script(from: "", to: [String(forwarded.from.dropFirst().dropLast())]))
      #expect(try await Self.deliver(dialogue, to: sink) == RunSummary(delivered: 1))
      let report = try #require(sink.mails.last)
      #expect(report.from == "<>" && report.to == ["<a@client.example>"])

      // It comes back here.
      try await dialogue.play(
        Self.script(from: "", to: ["info@test.example"], "554 5.4.6").replacing(
          "C: From:", with: "C: Delivered-To: info@test.example\nC: From:"))
      #expect(dialogue.store.mails.count == 2)
    }
  }

  /// Copies with marks of their own share no transaction, though all of them go to one server.
  @Test func copiesForDifferentForwardersGoApart() async throws {
    try await SinkServer.serving { sink in
      let dialogue = try Self.dialogue()
      dialogue.facts.isTrusted = true
      dialogue.facts.role = .internalSubmit
      dialogue.configuration.senderRules = []
      try await dialogue.play(
        Self.script(
          from: "a@client.example",
          to: ["info@test.example", "also@test.example", "x@far.example", "y@far.example"]))
      #expect(try await Self.deliver(dialogue, to: sink) == RunSummary(delivered: 5))
      let mails = sink.mails.sorted { ($0.to.count, $0.to[0]) < ($1.to.count, $1.to[0]) }
      #expect(
        mails.map(\.to) == [
          ["<ann@far.example>"], ["<bob@far.example>", "<cid@far.example>"], ["<x@far.example>", "<y@far.example>"],
        ])
      #expect(mails.map { $0.from.hasPrefix("<SRS0=") } == [true, true, false])
      #expect(
        mails.map { String($0.content.prefix { $0 != "\r\n" }) } == [
          "Delivered-To: info@test.example", "Delivered-To: also@test.example",
          "Received: from client.example ([192.0.2.1])",
        ])
    }
  }

  /// RFC 5321 §4.5.1: no hook knows them, and yet what comes back to them comes to somebody.
  @Test(arguments: ["postmaster@test.example", "PostMaster@test.example"])
  func aReportToPostmasterGoesWhereMailForPostmasterDoes(_ sender: String) async throws {
    var refusing = SinkServer.Behaviour()
    refusing.answer = { line, _ in line.hasPrefix("RCPT") ? "550 5.1.1 no such user" : nil }
    try await SinkServer.serving(.init(isLMTP: true)) { local in
      try await SinkServer.serving(refusing) { sink in
        let dialogue = try Self.dialogue()
        dialogue.facts.isTrusted = true
        dialogue.facts.role = .internalSubmit
        dialogue.configuration.senderRules = []
        try await dialogue.play(Self.script(from: sender, to: ["gone@far.example"]))
        #expect(try await Self.deliver(dialogue, to: sink, local: local) == RunSummary(delivered: 1, failed: 1))
        #expect(local.mails.map(\.to) == [["<postmaster@test.example>"]])
        #expect(local.mails.first?.from == "<>")
        #expect(local.mails.first?.content.contains("\r\nTo: <\(sender)>\r\n") == true)
      }
    }
  }

  @Test func copiesThatStayNameBothMailboxes() async throws {
    try await SinkServer.serving(.init(isLMTP: true)) { local in
      try await SinkServer.serving { sink in
        let dialogue = try Self.dialogue()
        try await dialogue.play(Self.script(from: "a@client.example", to: ["Kept@test.example"]))
        #expect(try await Self.deliver(dialogue, to: sink, local: local) == RunSummary(delivered: 3))
        let mails = local.mails.sorted { $0.to[0] < $1.to[0] }
        #expect(mails.map(\.to) == [["<Kept@test.example>"], ["<coco@test.example>"]])
        #expect(
          mails[0].content.hasPrefix("Return-Path: <a@client.example>\r\nDelivered-To: Kept@test.example\r\nReceived:"))
        #expect(
          mails[1].content.hasPrefix(
            "Return-Path: <a@client.example>\r\nDelivered-To: coco@test.example\r\nDelivered-To: Kept@test.example\r\n")
        )
        #expect(sink.mails.map(\.to) == [["<ann@far.example>"]])
      }
    }
  }
}

extension ForwardedMailTests.House: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    func record(_ targets: [String], keepsCopy: Bool = false) -> ClientRecord {
      ClientRecord(
        mailboxID: mailbox.caseFolded.localPart, forwards: targets.compactMap { Mailbox($0) }, keepsCopy: keepsCopy)
    }
    return switch mailbox.caseFolded.description {
    case "info@test.example": record(["ann@far.example"])
    case "also@test.example": record(["bob@far.example", "cid@far.example"])
    case "kept@test.example": record(["ann@far.example", "coco@test.example"], keepsCopy: true)
    case "coco@test.example": record([])
    default: nil
    }
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    nil
  }
}
