import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// A server of several processes, as an operator runs it.
@Suite(.takesTurns, .endsHangs) struct ServerProcessesTests {
  /// Where the tests run as root, the children become somebody else.
  private static let isRoot = geteuid() == 0

  private func start(
    _ server: ServerProcess, isolation: String = "workers:2", _ more: String = "", log: String? = nil
  ) async throws -> SocketAddress {
    try configure(server, isolation: isolation, more)
    return try await server.serve(log: log)
  }

  private func configure(_ server: ServerProcess, isolation: String = "workers:2", _ more: String = "") throws {
    let user = Self.isRoot ? #", "userName": "65534", "groupName": "65534""# : ""
    try server.write(
      #"""
      {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"],
       "isolation": "\#(isolation)"\#(user), "database": "queue/mta.db", "mtaSTS": false,
       "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"],
       "resolvers": ["127.0.0.1:9"]\#(more)}
      """#, to: "mta.json")
  }

  private func send(_ subject: String, to address: SocketAddress, body: String = "text") async throws {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      for (line, code) in [
        ("EHLO client.example", "250"), ("MAIL FROM:<a@client.example>", "250"),
        ("RCPT TO:<coco@test.example>", "250"), ("DATA", "354"),
        ("Subject: \(subject)\r\n\r\n\(body)\r\n.", "250"), ("QUIT", "221"),
      ] {
        let reply = try await client.say(line)
        try #require(reply.hasPrefix(code), "\(line.prefix(40)): \(reply)")
      }
    }
  }

  /// The children of a server that live.
  static func children(of server: ServerProcess) -> [Int32] {
    guard let id = server.id, let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
      return []
    }
    return names.compactMap { Int32($0) }.filter { number in
      // proc(5): the name may hold blanks and brackets; state and parent follow the last bracket.
      guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
        let words = text.split(separator: ")").last?.split(separator: " "), words.count > 1
      else { return false }
      return words[1] == "\(id)" && words[0] != "Z"
    }
  }

  @Test func mailIsAcceptedAndDelivered() async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    for number in 0..<8 { try await send("mail \(number)", to: address) }
    // Beyond what is kept in memory.
    let line = String(repeating: "0123456789", count: 7) + "\r\n"
    try await send("large", to: address, body: String(repeating: line, count: 10_000) + "end")
    let mails = try await server.mails(of: "coco", count: 9)
    let large = try #require(mails.first { $0.contains("Subject: large") })
    #expect(large.utf8.count > 700_000 && large.hasSuffix("\nend\n"))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
  }

  @Test func eachProcessThatIsKilledIsReplaced() async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    let before = Set(Self.children(of: server))
    try #require(before.count == 3)
    for child in before.sorted() {
      kill(child, SIGKILL)
      try await eventually("another process is in its place") {
        let now = Self.children(of: server)
        return now.count == 3 && !now.contains(child)
      }
      // Commits wait for a queue process that is away.
      try await send("after \(child)", to: address)
    }
    _ = try await server.mails(of: "coco", count: 3)
    #expect(before.isDisjoint(with: Self.children(of: server)))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func theChildrenEndWithTheirMaster() async throws {
    let server = try ServerProcess()
    _ = try await start(server)
    let children = Self.children(of: server)
    try #require(children.count == 3)
    server.signal(SIGKILL)
    try await server.end()
    try await eventually("no child is left") { children.allSatisfy { kill($0, 0) != 0 } }
  }

  @Test func aReloadStartsOthersAndOpenSessionsGoOn() async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    let before = Set(Self.children(of: server))
    try #require(before.count == 3)
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      try configure(
        server,
        #", "localDomains": ["test.example", "new.example"], "users": {"coco@test.example": "*", "new@new.example": "*"}"#
      )
      // The one key stands twice now, which is wrong: nothing changes.
      server.signal(SIGHUP)
      try await server.logs("reload: failed, everything stays as it was")
      #expect(Set(Self.children(of: server)) == before)
      try configure(server, "")
      server.signal(SIGHUP)
      try await server.logs("reloaded")
      try await eventually("the old queue process ends") {
        Set(Self.children(of: server)).intersection(before).count <= 2
      }
      // The session of the old receiver brings its mail to the new queue process.
      #expect(try await client.say("MAIL FROM:<a@client.example>").hasPrefix("250"))
      #expect(try await client.say("RCPT TO:<coco@test.example>").hasPrefix("250"))
      #expect(try await client.say("DATA").hasPrefix("354"))
      #expect(try await client.say("Subject: old session\r\n\r\n.").hasPrefix("250"))
      _ = try await client.say("QUIT")
    }
    try await eventually("the old processes are gone") { before.isDisjoint(with: Self.children(of: server)) }
    try await send("new session", to: address)
    _ = try await server.mails(of: "coco", count: 2)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  /// The queue process may write what its settings name, and no more: so a reload gives it other rights.
  @Test func aReloadMayNameAnotherMaildir() async throws {
    let server = try ServerProcess()
    let address = try await start(server)
    try configure(server, #", "localDelivery": "maildir:other/maildir""#)
    server.signal(SIGHUP)
    try await server.logs("reloaded")
    try await send("hello", to: address)
    try await eventually("the mail is there") {
      let inbox = server.folder.appending(path: "other/maildir/test.example/coco/new").path()
      return (try? FileManager.default.contentsOfDirectory(atPath: inbox).count) == 1
    }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test(.enabled(if: isRoot, "only root can give rights up"))
  func childrenHaveNoRightsAndReceiversReachNothing() async throws {
    let server = try ServerProcess()
    _ = try await start(server)
    let children = Self.children(of: server)
    try #require(children.count == 3)
    for child in children {
      for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child)/task") {
        let status = try String(contentsOfFile: "/proc/\(child)/task/\(thread)/status", encoding: .utf8)
        for fact in [
          "Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534", "NoNewPrivs:\t1",
          "CapEff:\t0000000000000000", "Groups:\t \n",
        ] {
          #expect(status.contains(fact), "\(fact) is not in \(status)")
        }
      }
    }
    server.signal(SIGTERM)
    try await server.end()
  }

  @Test(.enabled(if: isRoot, "only root gives folders away"))
  func theFoldersAreTheUsersAndTheRestStaysTheMasters() async throws {
    let server = try ServerProcess()
    let address = try await start(server, #", "logFile": "mta.log""#, log: "mta.log")
    try await send("hello", to: address)
    _ = try await server.mails(of: "coco", count: 1)
    let owners = try Dictionary(
      uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: server.folder.path()).map { name in
        let facts = try FileManager.default.attributesOfItem(atPath: server.folder.appending(path: name).path())
        return (name, facts[.ownerAccountID] as? Int)
      })
    for name in ["queue", "maildir"] { #expect(owners[name] == 65_534, "\(owners)") }
    for name in ["mta.lock", "mta.pid", "mta.log"] { #expect(owners[name] == 0, "\(owners)") }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test(.enabled(if: isRoot, "only root gives folders away")) func aFolderOfAnotherUserIsNamed() async throws {
    let server = try ServerProcess()
    try configure(server)
    let queue = server.folder.appending(path: "queue").path()
    try FileManager.default.createDirectory(atPath: queue, withIntermediateDirectories: true)
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64)
    #expect(output.contains("mailQueue: the folder \(queue) (mode 0755) belongs to user number 0"), "\(output)")
  }

  @Test(.enabled(if: isRoot, "only root is refused"))
  func rootWithoutAUserIsRefusedWithTheLinesToAdd() async throws {
    let server = try ServerProcess()
    try server.write(
      #"{"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "isolation": "workers:2"}"#, to: "mta.json"
    )
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64 && output.contains(#""userName": "#) && output.contains(#""isolation": "inProcess""#))
  }
}
