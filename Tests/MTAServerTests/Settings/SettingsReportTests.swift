import Foundation
import MTACore
import MTAReceiver
import MTATestSupport
import Testing

@testable import MTAServer

/// What `check-config` tells: every setting with its origin, all problems at once, and no secret.
@Suite struct SettingsReportTests {
  private let folder = SettingsFolder()

  private static let hash = "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"

  /// What a server needs that binds no port.
  private func write(_ more: String = "") throws {
    try folder.write(
      #"""
      {"serverName": "mx.a.example", "isolation": "inProcess", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["a.example"],
       "mtaSTS": false\#(more.isEmpty ? "" : ", " + more)}
      """#)
  }

  private func origin(_ key: String, in report: SettingsReport) -> String? {
    report.entries.first { $0.key == key }.map { "\($0.origin)" }
  }

  @Test func everySettingHasItsValueAndItsOrigin() throws {
    try write(#""include": ["more.json"], "reportBurst": 1, "maximumRecipients": 1, "serverTitle": "one""#)
    try folder.write(#"{"reportInterval": 2.5}"#, to: "more.json")
    let report = folder.report(
      ["reportBurst=4", "--queue-lifetime=500"],
      ["MTA_REPORT_BURST": "3", "MTA_MAXIMUM_RECIPIENTS": "3", "PATH": "/bin"])
    #expect(report.problems.isEmpty && report.isUsable, "\(report)")
    #expect(report.warnings.filter { !$0.hasPrefix("isolation: running as root") }.isEmpty, "\(report)")
    #expect(report.files == [folder["mta.json"], folder["more.json"]])
    #expect(report.entries.map(\.key) == SettingsTable.rows.map(\.key))
    let expected: [(String, AttributeValue, String)] = [
      ("serverName", .text("mx.a.example"), folder["mta.json"]), ("serverTitle", .text("one"), folder["mta.json"]),
      ("reportBurst", .integer(4), "--set"), ("queueLifetime", .integer(500), "--queue-lifetime"),
      ("maximumRecipients", .integer(3), "MTA_MAXIMUM_RECIPIENTS"),
      ("reportInterval", .number(2.5), folder["more.json"]), ("receiverTimeout", .integer(300), "default"),
      ("isolation", .text("inProcess"), folder["mta.json"]),
      ("include", .list([.text(folder["more.json"])]), folder["mta.json"]),
      ("database", .text(folder["mta.db"]), "default"), ("logFile", .text("none"), "default"),
    ]
    for (key, value, place) in expected {
      let entry = try #require(report.entries.first { $0.key == key })
      #expect(entry.value == value && "\(entry.origin)" == place, "\(entry)")
    }
  }

  @Test func aPortOfMembersHasTheOriginOfWhicheverKeySaysIt() throws {
    try write(#""submissionPort": 587"#)
    #expect(origin("submissionPorts", in: folder.report()) == folder["mta.json"])
    #expect(origin("submissionPort", in: folder.report()) == folder["mta.json"])
    try write(#""submissionPorts": [587, 465]"#)
    #expect(origin("submissionPort", in: folder.report()) == folder["mta.json"])
    try write()
    #expect(origin("submissionPort", in: folder.report()) == "default")
  }

  @Test func allProblemsAreToldAtOnce() throws {
    try write(
      #"""
      "reportBurst": 0, "nonsense": 1, "include": ["gone.json"], "users": {"ann@a.example": "my-password"},
      "certificate": "none.pem", "privateKey": "none.key", "dkim": {"a.example": {"selector": "s", "keyFile": "none.dkim"}},
      "smarthost": "relay.example:25", "smarthostUser": "u", "smarthostPasswordFile": "none.pw",
      "routes": {"b.example": {"to": "smtp:r.example:25", "user": "u", "passwordFile": "open.pw"}},
      "contentFilterPasswordFile": "none.filter", "trustRoots": "none.roots", "srsDomain": "srs.a.example", "srsSecret": "srs",
      "database": "nowhere/mta.db"
      """#)
    try folder.write("secret\n", to: "open.pw", mode: 0o604)
    try folder.write("short\n", to: "srs")
    let report = folder.report(["dane=perhaps", "reportburst=1"], ["MTA_REPORTBURST": "1", "MTA_USERS": "{}"])
    #expect(!report.isUsable)
    #expect(
      Set(report.problems.map { String($0.prefix { $0 != ":" }) }) == [
        "reportBurst", "nonsense", "include", "users", "certificate, privateKey", "dkim", "smarthostPasswordFile",
        "routes",
        "contentFilterPasswordFile", "trustRoots", "srsSecret", "database", "dane", "--set reportburst",
        "MTA_REPORTBURST",
      ], "\(report.problems.joined(separator: "\n"))")
    #expect(report.problems.contains { $0.hasPrefix("routes: \(folder["open.pw"]) (mode 0604) is a secret") })
    #expect(report.problems.contains { $0.hasPrefix("users: is a secret") })
    #expect(report.problems.contains { $0.hasPrefix("users: ann@a.example: ") })
    // A setting with a problem has its default.
    #expect(report.entries.first { $0.key == "reportBurst" }?.value == .integer(20))
  }

  @Test func aFileThatCannotBeReadIsTheOnlyProblem() {
    let report = folder.report()
    #expect(report.problems.count == 1 && report.problems[0].hasPrefix("the settings file cannot be read: "))
    #expect(report.warnings.isEmpty && report.entries.isEmpty)
  }

  @Test func noSecretIsShown() throws {
    try folder.write("\(Self.hash)-password\n", to: "relay.pw", mode: 0o644)
    try folder.write(TestCertificate.privateKey, to: "key.pem", mode: 0o644)
    try folder.write(TestCertificate.Issued.chain, to: "cert.pem")
    try write(
      #"""
      "users": {"ann@a.example": "\#(Self.hash)", "bob@a.example": "my-password"}, "contentFilterPassword": "filter-password",
      "app": {"token": "app-token"}, "certificate": "cert.pem", "privateKey": "key.pem",
      "smarthost": "r.example:25", "smarthostUser": "u", "smarthostPasswordFile": "relay.pw"
      """#)
    let secrets = [Self.hash, "my-password", "filter-password", "app-token", "BEGIN", "env-password", "set-password"]
    let wrong = folder.report(
      ["contentFilterPassword=set-password", "--users={\"c@a.example\": \"set-password\"}"],
      ["MTA_CONTENT_FILTER_PASSWORD": "env-password", "MTA_USERS": "env-password"])
    #expect(wrong.problems.count >= 7)
    try write(#""users": ["\#(Self.hash)"], "contentFilterPassword": {"my-password": 1}"#)
    for report in [wrong, folder.report()] {
      let text = "\(report)"
      for secret in secrets { #expect(!text.contains(secret), "\(text)") }
    }
    let users = try #require(wrong.entries.first { $0.key == "users" })
    #expect(users.isSecret && users.value == nil && users.text == "(2 entries, not shown)")
    #expect(wrong.entries.first { $0.key == "contentFilterPassword" }?.text == "(not shown)")
  }

  @Test func nothingIsMade() throws {
    try write(#""srsDomain": "srs.a.example", "logFile": "log""#)
    let report = folder.report()
    #expect(report.isUsable, "\(report.problems)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["mta.json"])
  }

  @Test(.enabled(if: geteuid() == 0, "only root is warned")) func rootThatStaysRootIsWarned() throws {
    try write()
    #expect(folder.report().warnings.count { $0.hasPrefix("isolation: running as root in one process") } == 1)
  }

  @Test(.enabled(if: geteuid() == 0, "only root is refused")) func whatRootLacksIsToldWithTheRest() throws {
    try folder.write(#"{"serverName": "mx.a.example", "listeningPorts": ["127.0.0.1:0"], "reportBurst": 0}"#)
    let report = folder.report()
    #expect(report.problems.count == 2 && report.problems.contains { $0.hasPrefix("userName, groupName: needed by") })
    try folder.write(
      #"""
      {"serverName": "mx.a.example", "listeningPorts": ["127.0.0.1:0"], "userName": "no-such-user", "groupName": "0",
       "receiverUserName": "root"}
      """#)
    #expect(folder.report().problems.map { $0.prefix { $0 != ":" } } == ["userName", "groupName", "receiverUserName"])
  }
}
