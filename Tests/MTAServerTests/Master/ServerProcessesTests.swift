import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// A server of several processes, as an operator runs it.
@Suite(.takesTurns, .endsHangs) struct ServerProcessesTests {
  @Test func mailIsAcceptedAndDelivered() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses()
    for number in 0..<8 { try await server.send("mail \(number)", to: address) }
    // Beyond what is kept in memory.
    let line = String(repeating: "0123456789", count: 7) + "\r\n"
    try await server.send("large", to: address, body: String(repeating: line, count: 10_000) + "end")
    let mails = try await server.mails(of: "coco", count: 9)
    let large = try #require(mails.first { $0.contains("Subject: large") })
    #expect(large.utf8.count > 700_000 && large.hasSuffix("\nend\n"))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
  }

  @Test func eachProcessThatIsKilledIsReplaced() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses()
    let before = Set(server.children)
    try #require(before.count == 3)
    for child in before.sorted() {
      kill(child, SIGKILL)
      try await eventually("another process is in its place") {
        let now = server.children
        return now.count == 3 && !now.contains(child)
      }
      // Commits wait for a queue process that is away.
      try await server.send("after \(child)", to: address)
    }
    _ = try await server.mails(of: "coco", count: 3)
    #expect(before.isDisjoint(with: server.children))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func theChildrenEndWithTheirMaster() async throws {
    let server = try ServerProcess()
    _ = try await server.serveInProcesses()
    let children = server.children
    try #require(children.count == 3)
    server.signal(SIGKILL)
    try await server.end()
    try await eventually("no child is left") { children.allSatisfy { kill($0, 0) != 0 } }
  }

  @Test func aReloadStartsOthersAndOpenSessionsGoOn() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses()
    let before = Set(server.children)
    try #require(before.count == 3)
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      try server.configureProcesses(
        more:
          #", "localDomains": ["test.example", "new.example"], "users": {"coco@test.example": "*", "new@new.example": "*"}"#
      )
      // The one key stands twice now, which is wrong: nothing changes.
      server.signal(SIGHUP)
      try await server.logs("reload: failed, everything stays as it was")
      #expect(Set(server.children) == before)
      try server.configureProcesses()
      server.signal(SIGHUP)
      try await server.logs("reloaded")
      try await eventually("the old queue process ends") {
        Set(server.children).intersection(before).count <= 2
      }
      // The session of the old receiver brings its mail to the new queue process.
      #expect(try await client.say("MAIL FROM:<a@client.example>").hasPrefix("250"))
      #expect(try await client.say("RCPT TO:<coco@test.example>").hasPrefix("250"))
      #expect(try await client.say("DATA").hasPrefix("354"))
      #expect(try await client.say("Subject: old session\r\n\r\n.").hasPrefix("250"))
      _ = try await client.say("QUIT")
    }
    try await eventually("the old processes are gone") { before.isDisjoint(with: server.children) }
    try await server.send("new session", to: address)
    _ = try await server.mails(of: "coco", count: 2)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  /// The queue process may write what its settings name, and no more: so a reload gives it other rights.
  @Test func aReloadMayNameAnotherMaildir() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses()
    try server.configureProcesses(more: #", "localDelivery": "maildir:other/maildir""#)
    server.signal(SIGHUP)
    try await server.logs("reloaded")
    try await server.send("hello", to: address)
    try await eventually("the mail is there") {
      let inbox = server.folder.appending(path: "other/maildir/test.example/coco/new").path()
      return (try? FileManager.default.contentsOfDirectory(atPath: inbox).count) == 1
    }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test(.enabled(if: ServerProcess.isRoot, "only root can give rights up"))
  func childrenHaveNoRightsAndReceiversReachNothing() async throws {
    let server = try ServerProcess()
    _ = try await server.serveInProcesses()
    let children = server.children
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

  @Test(.enabled(if: ServerProcess.isRoot, "only root gives folders away"))
  func theFoldersAreTheUsersAndTheRestStaysTheMasters() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(more: #", "logFile": "mta.log""#, log: "mta.log")
    try await server.send("hello", to: address)
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

  @Test(.enabled(if: ServerProcess.isRoot, "only root gives folders away")) func aFolderOfAnotherUserIsNamed()
    async throws
  {
    let server = try ServerProcess()
    try server.configureProcesses()
    let queue = server.folder.appending(path: "queue").path()
    try FileManager.default.createDirectory(atPath: queue, withIntermediateDirectories: true)
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64)
    #expect(output.contains("mailQueue: the folder \(queue) (mode 0755) belongs to user number 0"), "\(output)")
  }

  @Test(.enabled(if: ServerProcess.isRoot, "only root can read a file that its user cannot"))
  func aCommandOfRootNeedsNoKeyOfTLS() async throws {
    let server = try ServerProcess()
    try server.write(TestCertificate.chain, to: "cert.pem")
    try server.write(TestCertificate.privateKey, to: "key.pem")
    try server.configureProcesses(more: #", "certificate": "cert.pem", "privateKey": "key.pem""#)
    let (status, output) = try await server.run(
      ["run-queue", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 0, "\(output)")
  }

  @Test func aPortThatAnotherProgramHasIsAFailureOfTheSystem() async throws {
    let other = try ServerProcess()
    let address = try await other.serveInProcesses()
    let server = try ServerProcess()
    try server.configureProcesses()
    let (status, output) = try await server.run([
      "serve", "--config", server.folder.appending(path: "mta.json").path(), "--listening-ports",
      "127.0.0.1:\(try #require(address.port))",
    ])
    #expect(status == 1 && output.contains("another program listens there"), "\(status) \(output)")
  }

  @Test(.enabled(if: ServerProcess.isRoot, "only root can give a file away"))
  func aLockFileOfAnotherUserNamesNoProcessOfOurs() async throws {
    let server = try ServerProcess()
    _ = try await server.serveInProcesses()
    let lock = server.folder.appending(path: "mta.lock").path()
    #expect(chown(lock, 65_534, 65_534) == 0)
    let (status, output) = try await server.ask(["stop", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 1 && output.contains("which is not the file's owner's"), "\(status) \(output)")
    #expect(server.children.count == 3)
  }

  @Test(.enabled(if: ServerProcess.isRoot, "only root is refused"))
  func rootWithoutAUserIsRefusedWithTheLinesToAdd() async throws {
    let server = try ServerProcess()
    try server.write(
      #"{"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "isolation": "workers:2"}"#, to: "mta.json"
    )
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64 && output.contains(#""userName": "#) && output.contains(#""isolation": "inProcess""#))
  }

  @Test func aSecretThatOthersCanReadKeepsItFromStarting() async throws {
    let server = try ServerProcess()
    try server.configureProcesses(more: #", "contentFilterPasswordFile": "pw""#)
    try server.write("secret\n", to: "pw")
    #expect(chmod(server.folder.appending(path: "pw").path(), 0o644) == 0)
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64 && output.contains("contentFilterPasswordFile: "), "\(output)")
    #expect(output.contains("is a secret that others can read"))
  }
}
