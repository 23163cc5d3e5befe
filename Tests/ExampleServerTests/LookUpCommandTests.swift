import Foundation
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct LookUpCommandTests {
  private struct Report: Decodable, Equatable {
    var outcome: String
    var records: [String]
    var authenticated: Bool
    var reason: String
  }

  private func ask(_ server: NameServer, _ name: String, _ type: String) async throws -> (Int32, Report) {
    let run = try await Command.run("dns", name, type, "--server", server.place, "--json")
    return (run.status, try run.json())
  }

  @Test func recordsAndTheirAbsence() async throws {
    let server = try await NameServer()
    let found = try await ask(server, "mx.example", "MX")
    #expect(found.0 == 0)
    #expect(
      found.1 == Report(outcome: "records", records: ["10 host.mx.example."], authenticated: true, reason: ""))
    let noName = try await ask(server, "none.example", "mx")
    #expect(noName.0 == 1 && noName.1.outcome == "noSuchName" && noName.1.records.isEmpty)
    let noType = try await ask(server, "mx.example", "TXT")
    #expect(noType.0 == 1 && noType.1.outcome == "noSuchType" && !noType.1.reason.isEmpty)
    let failure = try await ask(server, "broken.example", "A")
    #expect(failure.0 == 2 && failure.1.outcome == "failure" && failure.1.reason.contains("SERVFAIL"))
    try await server.close()
  }

  @Test func forPeople() async throws {
    let server = try await NameServer()
    let found = try await Command.run("dns", "mx.example", "MX", "--server", server.place)
    #expect(found.text == "10 host.mx.example.\n")
    let none = try await Command.run("dns", "none.example", "MX", "--server", server.place)
    #expect(none.text == "" && none.complaint.contains("no such name"))
    try await server.close()
  }

  /// Names go out as A-labels, addresses under their reverse names.
  @Test func whatIsAsked() async throws {
    let server = try await NameServer()
    _ = try await ask(server, "bücher.example", "A")
    _ = try await ask(server, "192.0.2.1", "PTR")
    // A loaded machine may answer so late that a question is asked again.
    let asked = server.asked.enumerated().filter { $0.offset == 0 || server.asked[$0.offset - 1] != $0.element }
    #expect(asked.map(\.element) == ["xn--bcher-kva.example", "1.2.0.192.in-addr.arpa"])
    try await server.close()
  }

  @Test func silenceEnds() async throws {
    let server = try await NameServer()
    let run = try await Command.run(
      "dns", "silent.example", "A", "--server", server.place, "--timeout", "0.2", "--json")
    #expect(run.status == 2)
    #expect(try run.json(Report.self).outcome == "failure")
    try await server.close()
  }

  @Test(arguments: [
    ["dns", "a.example", "BOGUS"], ["dns", "a..example", "A"], ["dns", "☃.example", "A"],
    ["dns", "a.example", "A", "--server", "dns.example:53"], ["dns", "a.example", "A", "--timeout", "0"],
    ["dns", "a.example", "A", "--timeout", "nan"], ["probe", "mx.example"], ["probe", "mx.example:0"],
  ])
  func usage(_ arguments: [String]) async throws {
    #expect(try await Command.run(arguments).status == 64)
  }
}
