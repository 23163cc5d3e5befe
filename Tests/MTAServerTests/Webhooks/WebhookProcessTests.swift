import Foundation
import MTADelivery
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// A program is told what became of mail, by servers of each kind, over a kill of the server.
@Suite(.takesTurns, .endsHangs) struct WebhookProcessTests {
  private struct Event: Decodable {
    struct Data: Decodable {
      var id, copy, sender, recipient, domain, outcome, status, destination, message: String
      var session, `class`, bounce, host, reply, next: String?
      var attempts: Int
      var age, duration: Double
    }
    var type, timestamp: String
    var data: Data
  }

  private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"

  private static var choosy: SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      line.contains("bad@") ? "550 5.1.1 no such user" : line.contains("later@") ? "452 4.2.2 mailbox full" : nil
    }
    return behaviour
  }

  private func configure(_ server: ServerProcess, _ isolation: String, sink: UInt16, endpoint: Int) throws {
    try server.write(Self.secret, to: "hook.secret")
    try server.configureProcesses(
      isolation: isolation,
      more: """
        , "routes": {"far.example": "smtp:127.0.0.1:\(sink)"}, "eventsSecretFile": "hook.secret",
        "eventsTo": "http://127.0.0.1:\(endpoint)/hook", "aliases": {"good@test.example": "good@far.example",
        "bad@test.example": "bad@far.example", "later@test.example": "later@far.example"}
        """)
  }

  private func send(to names: [String], at address: SocketAddress) async throws -> String {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<a@client.example>")
      for name in names { #expect(try await client.say("RCPT TO:<\(name)@test.example>").hasPrefix("250")) }
      _ = try await client.say("DATA")
      let reply = try await client.say("Subject: secret\r\n\r\nbody\r\n.")
      return String(try #require(reply.split(whereSeparator: { $0 == " " || $0.isNewline }).last, "\(reply)"))
    }
  }

  private func events(_ endpoint: EventEndpoint) throws -> [Event] {
    try endpoint.requests.map { try JSONDecoder().decode(Event.self, from: Data($0.body.utf8)) }
  }

  @Test(arguments: ["inProcess", "workers:1"]) func eventsOfAMailArriveSigned(isolation: String) async throws {
    let server = try ServerProcess()
    try await SinkServer.serving(Self.choosy) { sink in
      try await EventEndpoint.serving { endpoint in
        try configure(server, isolation, sink: sink.port, endpoint: endpoint.port)
        let address = try await server.serve()
        let id = try await send(to: ["good", "bad", "later", "coco"], at: address)
        try await eventually("four events") { try events(endpoint).filter { $0.data.id == id }.count >= 4 }
        let told = try events(endpoint).filter { $0.data.id == id }
        func event(_ name: String) throws -> Event {
          try #require(told.first { $0.data.recipient.hasPrefix(name + "@") }, "\(name)")
        }
        let good = try event("good")
        #expect(good.type == "mail.delivered" && good.data.status.hasPrefix("2.") && good.data.class == nil)
        #expect(good.data.domain == "far.example" && good.data.bounce == nil && good.data.host != nil)
        let bad = try event("bad")
        #expect(bad.type == "mail.bounced" && bad.data.status == "5.1.1" && bad.data.reply == "550 5.1.1 no such user")
        #expect(bad.data.class == "bad-mailbox" && bad.data.bounce == "hard" && bad.data.attempts == 1)
        let later = try event("later")
        #expect(later.type == "mail.deferred" && later.data.class == "quota" && later.data.bounce == nil)
        #expect(later.data.next != nil)
        #expect(try event("coco").data.destination == "local")
        let keys = try #require(WebhookKeys(Array(Self.secret.utf8)))
        for request in endpoint.requests {
          let id = try #require(request.field("webhook-id"))
          let at = try #require(request.field("webhook-timestamp").flatMap { Int64($0) })
          #expect(request.field("webhook-signature") == keys.signature(id: id, at: at, body: Array(request.body.utf8)))
        }
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
        for name in ["log", "queue/mta.db.webhooks"] where server.exists(name) {
          let bytes = try Data(contentsOf: server.folder.appending(path: name))
          #expect(bytes.firstRange(of: Data("MfKQ9r8GKY".utf8)) == nil, "the secret is in \(name)")
        }
      }
    }
  }

  @Test func whatWaitsIsSentAfterAKill() async throws {
    let server = try ServerProcess()
    try await SinkServer.serving(Self.choosy) { sink in
      try await EventEndpoint.serving(.silence) { endpoint in
        try configure(server, "inProcess", sink: sink.port, endpoint: endpoint.port)
        let address = try await server.serve()
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await send(to: ["good", "coco"], at: address)) }
        // The endpoint hangs, and the mail goes on.
        _ = try await server.mails(of: "coco", count: 5)
        try await eventually("five are with the next server") { sink.mails.count == 5 }
        try await eventually("it was asked") { !endpoint.requests.isEmpty }
        // What is in memory still is written within moments.
        try await eventually("all are in the file") {
          let text = try String(
            decoding: Data(contentsOf: server.folder.appending(path: "queue/mta.db.webhooks-wal")), as: UTF8.self)
          // A page may be there several times.
          return Set(text.components(separatedBy: "evt_").dropFirst().map { $0.prefix(24) }).count >= 10
        }
        server.signal(SIGKILL)
        try await server.end()
        endpoint.answer = .status(200)
        let before = endpoint.requests.count
        _ = try await server.serve()
        try await eventually("all are told") {
          let told = Set(endpoint.requests.dropFirst(before).compactMap { $0.field("webhook-id") })
          return told.count >= 10
        }
        let told = try events(endpoint).dropFirst(before)
        for id in ids { #expect(told.filter { $0.data.id == id }.count >= 2, "\(id)") }
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
      }
    }
  }
}
