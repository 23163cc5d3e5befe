import Foundation
import SuiteTurns
import Testing

/// `ExampleServer queue`, as an operator types it.
@Suite(.takesTurns, .endsHangs) struct QueueCommandTests {
  private let server: ServerProcess

  init() throws {
    server = try ServerProcess()
    try server.write(
      #"""
      {"serverName": "mx.test.example", "localDomains": ["test.example"], "users": {"mike@test.example": "*"}, "isolation": "inProcess",
       "certificate": "none.pem", "privateKey": "none.pem", "resolvers": ["127.0.0.1:9"]}
      """#, to: "look.json")
    try server.write(
      #"""
      {"serverName": "mx.test.example", "localDomains": ["test.example"], "users": {"mike@test.example": "*"}, "isolation": "inProcess",
       "resolvers": ["127.0.0.1:9"]}
      """#, to: "mta.json")
  }

  private func run(_ settings: String, _ arguments: String..., input: String? = nil) async throws -> (Int32, String) {
    let (status, output) = try await server.run(
      arguments + ["--config", server.folder.appending(path: settings).path()], input: input)
    return (status, output.trimmingCharacters(in: .newlines))
  }

  @Test func mailIsHeldListedAndReleased() async throws {
    try server.write("x\n", to: "input")
    let said = try await run("mta.json", "alert", "--to", "mike@test.example", "--subject", "x", input: "input").1
    // Beside it stands what the log says.
    let id = try #require(said.split(separator: "\n").first { !$0.contains(" ") }).description
    #expect(try await listed("--held").isEmpty)
    let waiting = try #require(try await listed().first)
    #expect(waiting.id == id && waiting.sender == "<>" && waiting.recipient == "mike@test.example")
    #expect(waiting.state == "waiting" && waiting.attempts == 0 && waiting.next?.hasPrefix("2") == true)

    #expect(try await run("look.json", "queue", "hold", id, "--reason", "looks odd") == (0, "1 copy held"))
    #expect(try await listed("--held").map(\.message) == ["held: looks odd"])
    _ = try await run("mta.json", "run-queue")
    #expect(try await listed().map(\.state) == ["held"])

    #expect(try await run("look.json", "queue", "release", id) == (0, "1 copy released"))
    _ = try await run("mta.json", "run-queue")
    #expect(try await server.mails(of: "mike", count: 1).count == 1)
    #expect(try await listed().isEmpty)
    // It is known still, but nothing of it is left to hold.
    #expect(try await run("look.json", "queue", "hold", id) == (0, "0 copies held"))
  }

  private struct Entry: Decodable {
    var id, sender, recipient, state: String
    var attempts: Int
    var next, message: String?
  }

  private func listed(_ more: String...) async throws -> [Entry] {
    let file = server.folder.appending(path: "look.json").path()
    let output = try await server.run(["queue", "list", "--json", "--config", file] + more, input: nil).1
    return try JSONDecoder().decode([Entry].self, from: Data(output.utf8))
  }

  @Test(arguments: ["hold", "release"]) func whatIsNotThereIsSaid(_ verb: String) async throws {
    let missing = try await run("look.json", "queue", verb, "1wKf0g-2xK9aT-3F")
    #expect(missing == (1, "there is no mail 1wKf0g-2xK9aT-3F"))
    #expect(try await run("look.json", "queue", verb, "no/id").0 == 64)
    #expect(try await run("missing.json", "queue", verb, "1wKf0g-2xK9aT-3F").0 == 64)
    #expect(try await run("missing.json", "queue", "list").0 == 64)
  }
}
