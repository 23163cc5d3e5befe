import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// What clients may send, counted in one place for all processes of a server, and over its restart.
@Suite(.takesTurns, .endsHangs) struct LimitProcessTests {
  private func start(_ server: ServerProcess, _ isolation: String) async throws -> SocketAddress {
    let user = ServerProcess.isRoot ? #", "userName": "65534", "groupName": "65534""# : ""
    try server.write(
      #"""
      {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"],
       "isolation": "\#(isolation)"\#(user), "database": "queue/mta.db", "mtaSTS": false, "resolvers": ["127.0.0.1:9"],
       "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "clientLimits": {"mailsPerHour": 5},
       "maxFailedMessagesPerPeriod": 1000}
      """#, to: "mta.json")
    return try await server.serve()
  }

  /// The answers to so many MAIL commands of one session.
  private static func answers(_ count: Int, from address: SocketAddress) async throws -> [String] {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      var answers: [String] = []
      for _ in 0..<count {
        answers.append(String(try await client.say("MAIL FROM:<a@client.example>")))
        _ = try await client.say("RSET")
      }
      _ = try await client.say("QUIT")
      return answers
    }
  }

  @Test(arguments: ["workers:2", "processPerConnection"])
  func allSessionsTogetherGetNoMore(isolation: String) async throws {
    let server = try ServerProcess()
    let config = ["--config", server.folder.appending(path: "mta.json").path()]
    var address = try await start(server, isolation)
    let answers = try await withThrowingTaskGroup(of: [String].self) { [address] group in
      for _ in 0..<6 { group.addTask { try await Self.answers(3, from: address) } }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(answers.count { $0.hasPrefix("250") } == 5)
    #expect(answers.count { $0.hasPrefix("450 4.7.1 too many mails within an hour; try again in ") } == 13)
    try await server.logs("setting=clientLimits.mailsPerHour")

    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    address = try await start(server, isolation)
    #expect(try await Self.answers(1, from: address).allSatisfy { $0.hasPrefix("450") })
    let list = try await server.ask(["limits", "list", "--full", "--json"] + config)
    #expect(list.status == 0 && list.output.contains(#""name":"127.0.0.1""#), "\(list.output)")

    let reset = try await server.ask(["limits", "reset", "127.0.0.1"] + config)
    #expect(reset.status == 0, "\(reset.output)")
    #expect(try await Self.answers(1, from: address).allSatisfy { $0.hasPrefix("250") })
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }
}
