import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// SIGTERM and SIGINT: who is served to the end, for how long, and what a second signal does.
@Suite(.takesTurns, .endsHangs) struct StopTests {
  private func start(_ server: ServerProcess, _ more: String = "") async throws -> SocketAddress {
    try server.write(
      #"""
      {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"], "isolation": "inProcess",
       "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"],
       "resolvers": ["127.0.0.1:9"]\#(more)}
      """#, to: "mta.json")
    return try await server.serve()
  }

  /// A client whose mail is half sent.
  private func arriving(at address: SocketAddress, _ body: (WireClient) async throws -> Void) async throws {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<a@client.example>")
      _ = try await client.say("RCPT TO:<coco@test.example>")
      #expect(try await client.say("DATA").hasPrefix("354"))
      try await client.send("Subject: in flight\r\n\r\nhalf")
      try await body(client)
    }
  }

  @Test func idleClientsGoAtOnceAndMailInFlightEnds() async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    try await arriving(at: address) { client in
      try await WireClient.connect(to: address) { idle in
        _ = try await idle.reply()
        _ = try await idle.say("EHLO idle.example")
        server.signal(SIGTERM)
        #expect(try await idle.reply()?.hasPrefix("421 4.3.2 ") == true)
        #expect(try await idle.reply() == nil)
      }
      let greeting = try? await WireClient.connect(to: address) { try await $0.reply() }
      #expect((greeting ?? nil) == nil)
      #expect(try await client.say(" and half\r\n.").hasPrefix("250 2.0.0 queued as "))
      #expect(try await client.reply()?.hasPrefix("421 4.3.2 ") == true)
    }
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
    // What the end has left is delivered after the next start.
    _ = try await server.serve()
    #expect(try await server.mails(of: "coco", count: 1).first?.hasSuffix("\nhalf and half\n") == true)
  }

  /// Sends mails over one connection until the server takes no more. Returns the subjects of those that got a 250.
  private static func load(_ name: Int, at address: SocketAddress) async -> [String] {
    var acknowledged: [String] = []
    try? await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      while true {
        let subject = "\(name)-\(acknowledged.count)"
        for (line, code) in [
          ("MAIL FROM:<a@client.example>", "250"), ("RCPT TO:<coco@test.example>", "250"), ("DATA", "354"),
          ("Subject: \(subject)\r\n\r\n.", "250"),
        ] { guard try await client.say(line).hasPrefix(code) else { return } }
        acknowledged.append(subject)
      }
    }
    return acknowledged
  }

  @Test func aStopUnderLoadLosesAndDoublesNothing() async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    var acknowledged = Set<String>()
    try await withThrowingTaskGroup(of: [String].self) { clients in
      for name in 0..<4 { clients.addTask { await Self.load(name, at: address) } }
      _ = try await server.mails(of: "coco", count: 40)
      server.signal(SIGTERM)
      let status = try await server.end()
      #expect(status == 0)
      for try await subjects in clients { acknowledged.formUnion(subjects) }
    }
    // Four may have been delivered before their client read the answer.
    #expect(acknowledged.count >= 36)
    _ = try await server.serve()
    let mails = try await server.mails(of: "coco", count: acknowledged.count)
    let subjects = mails.flatMap { $0.split(separator: "\n").filter { $0.hasPrefix("Subject: ") } }
    #expect(Set(subjects).isSuperset(of: acknowledged.map { "Subject: " + $0 }))
    #expect(Set(subjects).count == subjects.count)
  }

  @Test func theGraceIsASetting() async throws {
    let server = try ServerProcess()
    let address = try await start(server, #", "shutdownGrace": 0.2"#)
    try await arriving(at: address) { _ in
      server.signal(SIGINT)
      let status = try await server.end()
      #expect(status == 0)
      #expect(!server.exists("mta.pid"))
    }
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func aSecondSignalEndsItAtOnce(signal: Int32, status: Int32) async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    try await arriving(at: address) { _ in
      server.signal(SIGTERM)
      try await server.logs("shutting down")
      server.signal(signal)
      #expect(try await server.end() == status)
      #expect(!server.exists("mta.pid"))
    }
  }
}
