import MTACore
import MTADelivery
import MTAReceiver
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One table, from which reader, names, page and overrides follow.
@Suite struct SettingsTableTests {
  @Test(arguments: Setting.Section.allCases) func thePageIsTheTable(_ section: Setting.Section) throws {
    var folder = URL(filePath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    let page = try String(contentsOf: folder.appending(path: "Docs/SETTINGS.md"), encoding: .utf8)
    for line in SettingsTable.page(of: section).split(separator: "\n") {
      #expect(page.contains("\n\(line)\n"), "Docs/SETTINGS.md lacks what `ExampleServer settings --markdown` prints")
    }
  }

  @Test func keysAndNamesAreTheirOwn() {
    let rows = SettingsTable.rows
    #expect(Set(rows.map(\.key)).count == rows.count)
    #expect(Set(rows.map(\.environmentName)).count == rows.count)
    let names = ["maximumConnections", "mtaSTSCache", "dkim", "implicitTLSPorts", "messageIDBase"].map { key in
      rows.first { $0.key == key }?.environmentName
    }
    #expect(
      names == [
        "MTA_MAXIMUM_CONNECTIONS", "MTA_MTA_STS_CACHE", "MTA_DKIM", "MTA_IMPLICIT_TLS_PORTS",
        "MTA_MESSAGE_ID_BASE",
      ])
  }

  private func settings(
    _ arguments: [String], _ environment: [String: String] = [:], file: [String: AttributeValue] = [:]
  ) throws -> Settings {
    let overrides = try SettingsOverrides(arguments: arguments, environment: environment)
    return try Settings(
      file.merging(["serverName": .text("a.example")]) { $1 }, overriding: overrides, folder: "/tmp")
  }

  @Test func theCommandLineGoesBeforeTheEnvironmentAndThatBeforeTheFile() throws {
    let file: [String: AttributeValue] = ["reportBurst": .integer(1), "maximumRecipients": .integer(1)]
    let environment = ["MTA_REPORT_BURST": "2", "MTA_SERVER_TITLE": "two", "PATH": "/bin"]
    let settings = try settings(["serverTitle=three = 3"], environment, file: file)
    #expect(settings.receiver.session.maximumRecipients == 1)
    #expect(settings.runner.reportBurst == 2)
    #expect(settings.serverTitle == "three = 3")
  }

  @Test func everyFormCanBeSaid() throws {
    let settings = try settings([
      "localDomains=a.example,b.example", "submissionPorts=587,10587", "retrySchedule=[1,2.5]", "dane=false",
      "trustedNetworks=loopback", "contentFilterMarks=none", "contentFilterHolds=4.5", "neverProhibit=",
      #"routes={"b.example": "smtp:relay.example:25"}"#, "receiverTimeout=1.5", "logFile=logs/mail",
    ])
    #expect(settings.localDomains.map(\.description) == ["a.example", "b.example"])
    #expect(settings.submissionPorts == [587, 10_587])
    #expect(settings.runner.retrySchedule == [.seconds(1), .milliseconds(2500)])
    #expect(!settings.runner.usesDANE)
    #expect(settings.receiver.trustedNetworks == Network.loopback)
    #expect(settings.filtering.marksFrom == nil && settings.filtering.holdsFrom == 4.5)
    #expect(settings.receiver.contacts.neverProhibit.isEmpty)
    #expect(settings.routes.keys.sorted() == ["b.example"])
    #expect(settings.receiver.timing.command == .milliseconds(1500))
    #expect(settings.logFile == "/tmp/logs/mail")
  }

  @Test(arguments: [
    ("reportBurst=0", "reportBurst: must be a whole number from 1 to 1000000, not 0 (from --set)"),
    ("reportBurst=many", "reportBurst: must be a whole number from 1 to 1000000, not \"many\" (from --set)"),
    ("routes=mx", "routes: must be JSON (from --set)"),
    ("reportburst=1", "--set reportburst: unknown setting"),
    ("reportBurst", "--set reportBurst: must be KEY=VALUE"),
    ("--report-burst=0", "reportBurst: must be a whole number from 1 to 1000000, not 0 (from --report-burst)"),
    ("--report-burst", "--report-burst: needs a value"), ("--reportBurst=1", "--reportBurst: unknown setting"),
    ("--users={}", "users: is a secret, and belongs in the settings file (from --users)"),
    ("include=x", "include: belongs in a settings file (from --set)"),
    ("users={}", "users: is a secret, and belongs in the settings file (from --set)"),
    (
      "contentFilterPassword=x",
      "contentFilterPassword: is a secret; put it into a file, and its path into contentFilterPasswordFile (from --set)"
    ),
  ]) func whatCannotBeUsedIsNamed(_ argument: String, _ problem: String) throws {
    let failure = #expect(throws: SettingsFailure.self) { try settings([argument]) }
    #expect(failure?.problems == [problem])
  }

  @Test func namesOfTheEnvironmentThatSetNothingAreNamed() throws {
    let failure = #expect(throws: SettingsFailure.self) {
      try settings([], ["MTA_REPORTBURST": "1"])
    }
    #expect(failure?.problems == ["MTA_REPORTBURST: is the name of no setting"])
    let form = #expect(throws: SettingsFailure.self) { try settings([], ["MTA_DANE": "yes"]) }
    #expect(form?.problems == ["dane: must be true or false, not \"yes\" (from MTA_DANE)"])
  }

  /// What the tools of this package and the services around a container put there is for others.
  @Test func namesForOthersSetNothing() throws {
    var environment = ["MTA_PORT": "tcp://10.0.0.1:25", "MTA_PORT_25_TCP": "x", "MTA_SERVICE_HOST": "10.0.0.1"]
    for name in SettingsOverrides.otherNames { environment[name] = "1" }
    #expect(try SettingsOverrides(environment: environment) == .none)
    #expect(SettingsTable.rows.filter { SettingsOverrides.isOther($0.environmentName) }.isEmpty)
  }

  @Test func theOldBeginningOfNamesWorksAndIsTold() throws {
    let old = try settings([], ["SWIFTMTA_REPORT_BURST": "2"])
    #expect(old.runner.reportBurst == 2)
    #expect(old.warnings().contains("SWIFTMTA_REPORT_BURST: is old; write MTA_REPORT_BURST"))
    let both = try settings([], ["SWIFTMTA_REPORT_BURST": "2", "MTA_REPORT_BURST": "3"])
    #expect(both.runner.reportBurst == 3)
    #expect(!both.warnings().contains { $0.hasPrefix("SWIFTMTA_") })
    #expect(throws: SettingsFailure(["SWIFTMTA_REPORTBURST: is the name of no setting"])) {
      try settings([], ["SWIFTMTA_REPORTBURST": "2"])
    }
  }

  @Test func everySettingIsAnOption() throws {
    let names = Dictionary(uniqueKeysWithValues: SettingsTable.rows.map { ($0.key, $0.optionName) })
    #expect(Set(names.values).count == names.count)
    #expect(names["listeningPorts"] == "--listening-ports" && names["mtaSTSCache"] == "--mta-sts-cache")
    let line = [
      "serve", "--config", "mta.json", "--report-burst", "2", "--server-title=three = 3", "--set", "dane=false",
      "--trust-resolvers", "true", "--remote-smtp-port", "--other", "--", "--dkim", "x",
    ]
    let expanded = SettingsOverrides.expanding(line)
    #expect(
      expanded == [
        "serve", "--config", "mta.json", "--set=--report-burst=2", "--set=--server-title=three = 3", "--set",
        "dane=false", "--set=--trust-resolvers=true", "--set=--remote-smtp-port", "--other", "--", "--dkim", "x",
      ])
    let settings = try settings(["--report-burst=2", "dane=false", "--server-title=three = 3", "reportBurst=4"])
    #expect(settings.runner.reportBurst == 4 && !settings.runner.usesDANE && settings.serverTitle == "three = 3")
  }
}
