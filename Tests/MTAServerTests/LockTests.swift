import Foundation
import MTATestSupport
import SuiteTurns
import Testing

/// One server for a lock file and for a queue, and what the second one says.
@Suite(.takesTurns, .endsHangs) struct LockTests {
  private func settings(_ more: String = "") -> String {
    #"""
    {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"], "isolation": "inProcess",
     "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "resolvers": ["127.0.0.1:9"]\#(more)}
    """#
  }

  private func serving(_ server: ServerProcess) async throws -> (status: Int32, output: String) {
    try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
  }

  @Test func aSecondServerIsKeptOut() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    _ = try await server.serve()
    let second = try ServerProcess()
    let (status, output) = try await second.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 75)
    #expect(output.contains("lockFile: another server, process \(server.id ?? 0), holds "), "\(output)")
    #expect(server.exists("mta.pid"))
  }

  @Test func aSecondServerOnTheSameQueueIsKeptOut() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    _ = try await server.serve()
    let second = try ServerProcess()
    let places = ["mailQueue": "queue", "database": "mta.db"].map {
      #", "\#($0)": "\#(server.folder.appending(path: $1).path())""#
    }
    try second.write(settings(places.joined()), to: "mta.json")
    let (status, output) = try await serving(second)
    #expect(status == 75)
    #expect(output.contains("mailQueue: another server, process \(server.id ?? 0), holds the queue "), "\(output)")
    #expect(!second.exists("mta.pid"))
    // Commands need no lock.
    let (listed, _) = try await second.run([
      "queue", "list", "--config", second.folder.appending(path: "mta.json").path(),
    ])
    #expect(listed == 0)
  }

  @Test func whatACrashLeftIsNoObstacle() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    _ = try await server.serve()
    server.signal(SIGKILL)
    #expect(try await server.end() == SIGKILL)
    #expect(server.exists("mta.pid"))
    // A number of more digits than ours, which no process has.
    try server.write("4711111111\n", to: "mta.pid")
    try server.write("4711111111\n", to: "mta.lock")
    _ = try await server.serve()
    for name in ["mta.pid", "mta.lock", "queue/.server"] {
      let text = try String(contentsOf: server.folder.appending(path: name), encoding: .utf8)
      #expect(text.split(whereSeparator: \.isWhitespace) == ["\(server.id ?? 0)"], "\(name)")
    }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func aNewerDatabaseIsSaidSo() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    _ = try await server.serve()
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    // The version stands in the bytes 60 to 63 of a database, the highest first.
    let file = server.folder.appending(path: "mta.db")
    var bytes = try Data(contentsOf: file)
    try #require(bytes.count > 100)
    bytes[62] = 9
    try bytes.write(to: file)
    let (status, output) = try await serving(server)
    #expect(status == 78)
    #expect(output.contains("database: ") && output.contains("written by a newer program"), "\(output)")
  }
}
