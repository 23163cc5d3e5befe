import Foundation
import MTACore
import MTASystem
import SuiteTurns
import Testing

@testable import MTAServer

/// Whom commands become that root starts.
@Suite(.takesTurns, .endsHangs) struct CommandIdentityTests {
  private static let isRoot = geteuid() == 0
  private static let onlyRoot: Comment = "only root can become another user"

  private func settings(_ values: [String: AttributeValue]) throws -> Settings {
    try Settings(values.merging(["serverName": .text("a.example")]) { $1 }, folder: "/srv/mta")
  }

  private static let user: [String: AttributeValue] = ["userName": .text("65534"), "groupName": .text("65533")]

  @Test func rootBecomesTheUserOfTheSettings() throws {
    let identity = try CommandIdentity.wanted(settings(Self.user), isRoot: true)
    #expect(identity?.user == 65_534 && identity?.group == 65_533)
    #expect(try CommandIdentity.wanted(settings(Self.user), isRoot: false) == nil)
  }

  @Test func whereTheSettingsSaySoRootStays() throws {
    #expect(try CommandIdentity.wanted(settings([:]), isRoot: true) == nil)
    let whole = Self.user.merging(["isolation": .text("inProcess")]) { $1 }
    #expect(try CommandIdentity.wanted(settings(whole), isRoot: true) == nil)
  }

  /// Files of that user in root's group would be neither's.
  @Test(arguments: ["userName", "groupName"]) func halfAnIdentityIsRefused(key: String) throws {
    let failure = #expect(throws: StartFailure.self) {
      try CommandIdentity.wanted(settings([key: .text("65534")]), isRoot: true)
    }
    #expect(failure?.exitCode == 64)
    #expect(throws: StartFailure.self) {
      try CommandIdentity.wanted(
        settings(["userName": .text("no-such-user"), "groupName": .text("65534")]), isRoot: true)
    }
  }

  // MARK: As root

  /// As a server of root has it: log, settings and keys are root's. The folders of the queue are missing.
  private func server() async throws -> ServerProcess {
    let server = try ServerProcess()
    try server.write(
      #"""
      {"serverName": "mx.test.example", "localDomains": ["test.example"], "users": {"coco@test.example": "*"},
       "userName": "65534", "groupName": "65534", "database": "state/mta.db", "mailQueue": "state/queue", "mtaSTS": false,
       "logFile": "mta.log", "dkim": {"test.example": {"selector": "s", "keyFile": "s.pem"}}, "resolvers": ["127.0.0.1:9"]}
      """#, to: "mta.json")
    try server.write("text\n", to: "input")
    _ = try await server.run([
      "dkim", "keygen", "--selector", "s", "--domain", "test.example", "--type", "ed25519", "--out",
      server.folder.path(),
    ])
    for name in ["mta.json", "s.pem"] { #expect(chmod(server.folder.appending(path: name).path(), 0o600) == 0) }
    return server
  }

  private func run(_ server: ServerProcess, _ words: String..., input: String? = nil) async throws -> (
    status: Int32, output: String
  ) {
    try await server.run(words + ["--config", server.folder.appending(path: "mta.json").path()], input: input)
  }

  private func alert(_ server: ServerProcess) async throws -> String {
    let (status, output) = try await run(
      server, "alert", "--to", "coco@test.example", "--subject", "s", input: "input")
    try #require(status == 0, "\(output)")
    return output.trimmingCharacters(in: .newlines)
  }

  /// The owners of all that lies in a folder.
  private func owners(_ folder: URL) throws -> Set<UInt32> {
    let names = try #require(FileManager.default.enumerator(atPath: folder.path())).compactMap { $0 as? String }
    return Set(
      try names.map { try DurableFiles().statusOfLink(folder.appending(path: $0).path(), at: "test").owner })
  }

  @Test(.enabled(if: isRoot, onlyRoot)) func noCommandLeavesAFileToRoot() async throws {
    let server = try await server()
    let state = server.folder.appending(path: "state")
    let id = try await alert(server)
    #expect(try owners(state) == [65_534])
    #expect(try await run(server, "queue", "hold", id) == (0, "1 copy held\n"))
    #expect(try await run(server, "queue", "list", "--held").output.contains("\n\(id)  "))
    #expect(try await run(server, "salvage") == (0, "nothing is wrong with the database\n"))
    #expect(try await run(server, "queue", "release", id) == (0, "1 copy released\n"))
    // The key is root's alone to read, and is read before.
    let (status, output) = try await run(server, "run-queue")
    #expect(status == 0, "\(output)")
    _ = try await server.mails(of: "coco", count: 1)
    #expect(try owners(state) == [65_534])
    #expect(try owners(server.folder.appending(path: "maildir")) == [65_534])
  }

  @Test(.enabled(if: isRoot, onlyRoot)) func theLogStaysTheMasters() async throws {
    let server = try await server()
    let id = try await alert(server)
    let log = server.folder.appending(path: "mta.log").path()
    #expect(try String(contentsOfFile: log, encoding: .utf8).contains("alert queued id=\(id)"))
    #expect(try DurableFiles().status(log, at: "test").owner == 0)
  }

  @Test(.enabled(if: isRoot, onlyRoot)) func aSalvageMakesFilesOfTheUser() async throws {
    let server = try await server()
    _ = try await alert(server)
    let state = server.folder.appending(path: "state")
    let database = try FileHandle(forUpdating: state.appending(path: "mta.db"))
    try database.truncate(atOffset: try database.seekToEnd() / 2)
    try database.close()
    let (status, output) = try await run(server, "salvage")
    #expect(status == 0 && !output.contains("nothing is wrong"), "\(output)")
    #expect(try owners(state) == [65_534])
  }
}
