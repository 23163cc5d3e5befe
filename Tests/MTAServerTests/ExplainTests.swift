import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// `explain`, as an operator types it beside a server of each kind, and after it.
@Suite(.takesTurns, .endsHangs) struct ExplainTests {
  private struct Story: Decodable {
    struct Session: Decodable {
      var id, client, helo, tls, login: String?
    }
    struct Check: Decodable {
      var stage, kind, name, verdict: String
      var address, reply: String?
      var seconds: Double?
    }
    struct Result: Decodable { var method, result: String }
    struct Attempt: Decodable {
      var at, outcome, reply: String
      var host, tls, policy, next: String?
      var dialogue: [String]
    }
    struct Recipient: Decodable {
      var recipient: String
      var state, next, why, route: String?
      var attempts: [Attempt]
    }
    struct Refusal: Decodable {
      var stage, by, reply: String
      var recipient: String?
    }
    struct Report: Decodable { var id, about: String }

    var id, sender, messageID: String?
    var state: String
    var session: Session?
    var checks: [Check]
    var authentication: [Result]
    var dialogue: [String]
    var recipients: [Recipient]
    var refusals: [Refusal]
    var reports: [Report]
    var gaps: [String]
  }

  private static var choosy: SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      line.contains("bad@") ? "550 5.1.1 no such user" : line.contains("later@") ? "451 4.2.1 busy" : nil
    }
    return behaviour
  }

  private func explain(_ server: ServerProcess, _ words: String...) async throws -> (status: Int32, output: String) {
    try await server.ask(["explain", "--config", server.folder.appending(path: "mta.json").path()] + words)
  }

  private func story(_ server: ServerProcess, _ id: String) async throws -> Story {
    let answer = try await explain(server, id, "--json")
    try #require(answer.status == 0, "\(answer.output)")
    return try JSONDecoder().decode(Story.self, from: Data(answer.output.utf8))
  }

  private func stories(_ server: ServerProcess, _ words: String...) async throws -> [Story] {
    let answer = try await server.ask(
      ["explain", "--json", "--config", server.folder.appending(path: "mta.json").path()] + words)
    try #require(answer.status == 0, "\(answer.output)")
    return try JSONDecoder().decode([Story].self, from: Data(answer.output.utf8))
  }

  @Test(arguments: ["inProcess", "workers:2", "processPerConnection"])
  func aMailIsExplainedFromSessionToReport(isolation: String) async throws {
    let server = try ServerProcess()
    try await SinkServer.serving(Self.choosy) { sink in
      let routes = #""far.example": "smtp:127.0.0.1:\#(sink.port)", "dead.example": "smtp:127.0.0.1:9""#
      // A trusted client, at a port that was free just now.
      let port = try await SinkServer.serving { $0.port }
      try server.configureProcesses(
        isolation: isolation,
        more: """
          , "listeningPorts": ["127.0.0.1:\(port)"], "internalSubmitPort": \(port), "enforceMemberPorts": false,
          "routes": {\(routes)}
          """, listens: false)
      let address = try await server.serve()
      let id = try await send(at: address)
      // A moment after the client has its answer, whatever becomes of the deliveries.
      try await eventually("the session is told of") {
        let early = try await self.story(server, id)
        return early.session?.client == "127.0.0.1" && early.session?.helo == "client.example"
      }
      try await eventually("all is tried") {
        let story = try await self.story(server, id)
        return story.recipients.count == 5 && story.recipients.allSatisfy { !$0.attempts.isEmpty }
          && story.reports.count == 1
      }
      let story = try await self.story(server, id)
      try check(story, port: sink.port)
      #expect(try await stories(server, "<m1@client.example>").map(\.id) == [id])
      #expect(try await stories(server, "--recipient", "LATER@*").map(\.id) == [id])
      #expect(try await stories(server, "--from", "coco@*", "--since", "1h").map(\.id) == [id])
      let report = try await self.story(server, try #require(story.reports.first?.id))
      #expect(report.recipients.first?.recipient == "coco@test.example")

      try await checkRefusal(server, address)
      server.signal(SIGTERM)
      #expect(try await server.end() == 0)
      for name in ["mta.db.events", "mta.db.events-wal"] where server.exists("queue/" + name) {
        let bytes = try Data(contentsOf: server.folder.appending(path: "queue/" + name))
        #expect(bytes.firstRange(of: Data("secret".utf8)) == nil, "a subject is in \(name)")
      }
      // And after the server.
      try check(try await self.story(server, id), port: sink.port)
      #expect(try await stories(server, "--refused", "--recipient", "nobody@test.example").count == 1)
    }
  }

  private func send(at address: SocketAddress) async throws -> String {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<coco@test.example>")
      for recipient in [
        "coco@test.example", "good@far.example", "later@far.example", "bad@far.example", "x@dead.example",
      ] {
        #expect(try await client.say("RCPT TO:<\(recipient)>").hasPrefix("250"))
      }
      _ = try await client.say("DATA")
      let reply = try await client.say("Message-ID: <m1@client.example>\r\nSubject: secret\r\n\r\nbody\r\n.")
      let word = try #require(reply.split(whereSeparator: { $0 == " " || $0.isNewline }).last, "\(reply)")
      return String(word)
    }
  }

  private func check(_ story: Story, port: UInt16) throws {
    #expect(story.state == "waiting" && story.sender == "coco@test.example")
    #expect(story.messageID == "<m1@client.example>" && story.gaps.isEmpty)
    for (name, stage) in [("DomainRequiredRule", "EHLO"), ("SameOwnerRule", "MAIL"), ("message", "content")] {
      #expect(story.checks.contains { $0.name == name && $0.stage == stage && $0.verdict == "pass" }, "\(name)")
    }
    #expect(story.checks.filter { $0.name == "NoRelayingRule" }.count == 5)
    #expect(story.checks.contains { $0.name == "rcptTo" && $0.address == "bad@far.example" && $0.seconds != nil })
    #expect(story.authentication.map(\.method) == ["dkim"] && story.authentication.map(\.result) == ["none"])
    func recipient(_ name: String) throws -> Story.Recipient {
      try #require(story.recipients.first { $0.recipient.hasPrefix(name + "@") })
    }
    let (good, later, bad) = (try recipient("good"), try recipient("later"), try recipient("bad"))
    #expect(good.state == "delivered" && good.attempts.map(\.outcome) == ["delivered"] && good.next == nil)
    #expect(good.attempts.first?.host?.hasSuffix(":\(port)") == true && good.attempts.first?.policy != nil)
    #expect(later.state == "waiting" && later.attempts.first?.outcome == "deferred" && later.next != nil)
    #expect(later.attempts.first?.reply == "451 4.2.1 busy" && later.why?.contains("451 4.2.1 busy") == true)
    #expect(bad.state == "bounced" && bad.attempts.first?.reply == "550 5.1.1 no such user")
    #expect(try recipient("coco").route == "local" && recipient("coco").state == "delivered")
    #expect(try recipient("x").attempts.first?.reply.contains("cannot connect") == true)
    #expect(story.reports.map(\.about) == ["failure"])
  }

  private func checkRefusal(_ server: ServerProcess, _ address: SocketAddress) async throws {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO partner.example")
      _ = try await client.say("MAIL FROM:<a@partner.example>")
      #expect(try await client.say("RCPT TO:<nobody@test.example>").hasPrefix("550"))
      _ = try await client.say("QUIT")
    }
    try await eventually("the refusal is kept") {
      try await explain(server, "--refused", "--from", "*@partner.example").status == 0
    }
    let refused = try #require(
      try await stories(server, "--refused", "--from", "*@partner.example", "--since", "yesterday").first)
    #expect(refused.id == nil && refused.state == "refused" && refused.session?.helo == "partner.example")
    #expect(refused.refusals.map(\.stage) == ["RCPT"] && refused.refusals.first?.by == "server")
    #expect(refused.recipients.map(\.state) == ["refused"])
    #expect(
      refused.checks.last.map {
        $0.name == "NoRelayingRule" && $0.verdict == "refuse" && $0.reply?.hasPrefix("550") == true
      }
        == true)
    // By the session's id, which the log has.
    #expect(try await story(server, try #require(refused.session?.id)).sender == "a@partner.example")
    #expect(try await explain(server, "--refused", "--from", "*@other.example").status == 1)
  }

  @Test func aDialogueIsKeptWhereTheLogHasIt() async throws {
    let server = try ServerProcess()
    try await SinkServer.serving { sink in
      try server.configureProcesses(
        isolation: "workers:1",
        more: """
          , "logReceiverConversation": true, "logQueueRunnerConversation": true, "aliases": {"out@test.example": "x@far.example"},
          "routes": {"far.example": "smtp:127.0.0.1:\(sink.port)"}
          """)
      let address = try await server.serve()
      let id = try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        for line in ["EHLO client.example", "MAIL FROM:<a@client.example>", "RCPT TO:<out@test.example>", "DATA"] {
          _ = try await client.say(line)
        }
        let reply = try await client.say("Subject: x\r\n\r\nthe body\r\n.")
        return String(try #require(reply.split(whereSeparator: { $0 == " " || $0.isNewline }).last, "\(reply)"))
      }
      let attempt = try await eventually("it is delivered") {
        // The queue knows of it before the event is written.
        try await story(server, id).recipients.first?.attempts.first { !$0.dialogue.isEmpty }
      }
      #expect(attempt.dialogue.contains("C: RCPT TO:<x@far.example>"))
      #expect(attempt.dialogue.last.map { $0.hasPrefix("S: 250") } == true)
      let dialogue = try await story(server, id).dialogue
      #expect(dialogue.contains("C: MAIL FROM:<a@client.example>") && dialogue.contains { $0.hasPrefix("S: 354") })
      #expect(!(dialogue + attempt.dialogue).contains { $0.contains("the body") })
    }
    server.signal(SIGTERM)
    try await server.end()
  }

  @Test func hostileTextReachesNoTerminal() async throws {
    let server = try ServerProcess()
    try server.configureProcesses(isolation: "inProcess")
    let address = try await server.serve()
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO \u{1b}[2J\u{202e}client")
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<\"a\u{1b}]0;x\u{7}\"@client.example>")
      _ = try await client.say("MAIL FROM:<\"a\\\" from=<x\"@client.example>")
      _ = try await client.say("RCPT TO:<\"\u{9b}31m\"@test.example>")
      _ = try await client.say("RCPT TO:<nobody@test.example>")
      _ = try await client.say("QUIT")
    }
    try await eventually("they are kept") {
      try await explain(server, "--refused", "--recipient", "nobody@*").status == 0
    }
    for json in [[], ["--json"]] {
      let answer = try await server.ask(
        ["explain", "--refused", "--since", "1h", "--config", server.folder.appending(path: "mta.json").path()] + json)
      #expect(answer.status == 0)
      #expect(
        answer.output.utf8.allSatisfy {
          $0 == 10 || (32...126).contains($0) || $0 >= 0xc3 || (0x80..<0xc0).contains($0)
        })
      #expect(!answer.output.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
      #expect(!answer.output.unicodeScalars.contains { $0.properties.generalCategory == .format })
    }
    server.signal(SIGTERM)
    try await server.end()
  }

  @Test func withoutEventsTheQueueSaysWhatItKnows() async throws {
    let server = try ServerProcess()
    try server.configureProcesses(isolation: "inProcess", more: #", "eventRetention": 0"#)
    let address = try await server.serve()
    try await server.send("one", to: address)
    _ = try await server.mails(of: "coco", count: 1)
    #expect(!server.exists("queue/mta.db.events"))
    let answer = try await server.ask([
      "queue", "list", "--json", "--config", server.folder.appending(path: "mta.json").path(),
    ])
    #expect(answer.status == 0)
    let none = try await explain(server, "--recipient", "coco@test.example")
    #expect(none.status == 1 && none.output.contains("nothing is known"))
    #expect(try await explain(server).status == 64)
    server.signal(SIGTERM)
    try await server.end()
  }

  /// The server starts, takes mail, and begins the events anew.
  @Test func damagedEventsHinderNoMail() async throws {
    let server = try ServerProcess()
    try server.configureProcesses(isolation: "inProcess")
    try FileManager.default.createDirectory(
      at: server.folder.appending(path: "queue"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try server.write(String(repeating: "no database", count: 1000), to: "queue/mta.db.events")
    let address = try await server.serve()
    try await server.send("one", to: address)
    _ = try await server.mails(of: "coco", count: 1)
    try await server.logs("the events of mails were damaged, and begin anew")
    #expect(server.exists("queue/mta.db.events.damaged"))
    #expect(try await stories(server, "--recipient", "coco@test.example").count == 1)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }
}
