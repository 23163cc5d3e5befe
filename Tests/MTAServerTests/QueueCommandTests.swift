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
    #expect(try await run("look.json", "queue", "list", "--held") == (0, ""))
    let waiting = try await run("look.json", "queue", "list")
    #expect(waiting.0 == 0 && waiting.1.hasPrefix("\(id)\t<>\tmike@test.example\twaiting\t0\t2"), "\(waiting)")

    #expect(try await run("look.json", "queue", "hold", id, "--reason", "looks odd") == (0, "1 parcel held"))
    let held = (Int32(0), "\(id)\t<>\tmike@test.example\theld\t0\t-\theld: looks odd")
    #expect(try await run("look.json", "queue", "list") == held)
    #expect(try await run("look.json", "queue", "list", "--held") == held)
    _ = try await run("mta.json", "run-queue")
    #expect(try await run("look.json", "queue", "list") == held)

    #expect(try await run("look.json", "queue", "release", id) == (0, "1 parcel released"))
    _ = try await run("mta.json", "run-queue")
    #expect(try await server.mails(of: "mike", count: 1).count == 1)
    #expect(try await run("look.json", "queue", "list") == (0, ""))
    // It is known still, but nothing of it is left to hold.
    #expect(try await run("look.json", "queue", "hold", id) == (0, "0 parcels held"))
  }

  @Test(arguments: ["hold", "release"]) func whatIsNotThereIsSaid(_ verb: String) async throws {
    let missing = try await run("look.json", "queue", verb, "1wKf0g-2xK9aT-3F")
    #expect(missing == (1, "there is no mail 1wKf0g-2xK9aT-3F"))
    #expect(try await run("look.json", "queue", verb, "no/id").0 == 64)
    #expect(try await run("missing.json", "queue", verb, "1wKf0g-2xK9aT-3F").0 == 64)
    #expect(try await run("missing.json", "queue", "list").0 == 64)
  }
}
