import Foundation
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct PolicyCommandTests {
  private struct Report: Decodable, Equatable {
    struct Host: Decodable, Equatable {
      var name: String
      var preference: Int
      var addresses: [String]
      var policy: String
      var reason: String
      var obstacle: String
    }

    var domain: String
    var outcome: String
    var destination: String
    var setting: String
    var authenticated: Bool
    var obstacle: String
    var hosts: [Host]
  }

  /// Settings in a file of their own.
  private func ask(
    _ domain: String, _ server: NameServer, settings: String, _ more: String...
  ) async throws -> (Int32, Report) {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("mta.json")
    try Data("{\"serverName\": \"us.example\", \(settings)}".utf8).write(to: file)
    try Data("secret\n".utf8).write(to: folder.url.appendingPathComponent("password"))
    let run = try await Command.run(
      ["policy", domain, "--config", file.path, "--server", server.place, "--json"] + more)
    #expect(!run.text.contains("secret"))
    return (run.status, try run.json())
  }

  @Test func routesAndPoliciesOfTheSettings() async throws {
    let server = try await NameServer()
    let settings = """
      "routes": {
        ".lab.example": {"to": "smtps:127.0.0.1:465", "user": "u", "passwordFile": "password"},
        "plain.example": "smtp:127.0.0.1:25", "gone.example": "fail:we have moved", "later.example": "hold:not now"
      },
      "tlsPolicies": {"plain.example": "encrypt"}
      """
    let lab = try await ask("a.lab.example", server, settings: settings)
    #expect(lab.0 == 0 && lab.1.outcome == "deliver" && lab.1.destination == "smtps:127.0.0.1:465")
    #expect(lab.1.setting == "smtps:127.0.0.1:465, with credentials")
    #expect(lab.1.hosts.map(\.policy) == ["verify"] && lab.1.hosts.map(\.reason) == ["there are credentials to say"])
    let plain = try await ask("plain.example", server, settings: settings)
    #expect(
      plain.1.hosts == [
        Report.Host(
          name: "127.0.0.1:25", preference: -1, addresses: ["127.0.0.1"], policy: "encrypt",
          reason: "set for plain.example", obstacle: "")
      ])
    let gone = try await ask("gone.example", server, settings: settings)
    #expect(gone.0 == 1 && gone.1.outcome == "fail" && gone.1.obstacle == "5.7.1 we have moved")
    let later = try await ask("later.example", server, settings: settings)
    #expect(later.0 == 2 && later.1.outcome == "wait" && later.1.obstacle == "4.3.2 not now")
    try await server.close()
  }

  @Test func settingsOfTheCommandLineCount() async throws {
    let server = try await NameServer()
    let routes = #"routes={"lab.example": "smtp:127.0.0.1:25"}"#
    let policies = #"{"lab.example": "encrypt"}"#
    let alone = try await Command.run(
      "policy", "lab.example", "--server", server.place, "--json", "--set", routes, "--tls-policies", policies)
    let report: Report = try alone.json()
    #expect(report.destination == "smtp:127.0.0.1:25" && report.hosts.map(\.policy) == ["encrypt"])
    let file = try await ask(
      "lab.example", server, settings: #""routes": {"lab.example": "fail:gone"}, "tlsPolicies": {"*": "none"}"#,
      "--set", routes)
    #expect(file.1.destination == "smtp:127.0.0.1:25" && file.1.hosts.map(\.policy) == ["none"])
    #expect(try await Command.run("policy", "lab.example", "--set", "nonsense=1").status == 64)
    try await server.close()
  }

  @Test func exchangersOfTheDNS() async throws {
    let server = try await NameServer()
    let known = try await Command.run("policy", "mx.example", "--server", server.place, "--json")
    let report: Report = try known.json()
    #expect(known.status == 2 && report.destination == "host.mx.example:25" && report.authenticated)
    #expect(
      report.hosts.map(\.obstacle) == ["host.mx.example has no address"] && report.hosts.map(\.preference) == [10])
    let none = try await Command.run("policy", "none.example", "--server", server.place)
    #expect(none.status == 1 && none.text.contains("5.1.2 the domain none.example does not exist"))
    let literal = try await Command.run("policy", "[192.0.2.1]", "--server", server.place)
    #expect(
      literal.status == 0 && literal.text.contains("192.0.2.1:25 [192.0.2.1]: opportunistic (a server of the settings)")
    )
    let here = try await Command.run("policy", "[127.0.0.1]", "--server", server.place)
    #expect(here.status == 1 && here.text.contains("not tried: 5.1.2 in networks that no foreign mail is sent to"))
    try await server.close()
  }

  @Test func whatMakesNoSense() async throws {
    #expect(try await Command.run("policy", "a b").status == 64)
    #expect(try await Command.run("policy", "a.example", "--config", "/nowhere/mta.json").status == 64)
  }
}
