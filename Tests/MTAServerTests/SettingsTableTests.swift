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
        "SWIFTMTA_MAXIMUM_CONNECTIONS", "SWIFTMTA_MTA_STS_CACHE", "SWIFTMTA_DKIM", "SWIFTMTA_IMPLICIT_TLS_PORTS",
        "SWIFTMTA_MESSAGE_ID_BASE",
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
    let environment = ["SWIFTMTA_REPORT_BURST": "2", "SWIFTMTA_SERVER_TITLE": "two", "PATH": "/bin"]
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
    ("users={}", "users: is a secret, and belongs in the settings file (from --set)"),
    ("contentFilterPassword=x", "contentFilterPassword: is a secret, and belongs in the settings file (from --set)"),
  ]) func whatCannotBeUsedIsNamed(_ argument: String, _ problem: String) throws {
    let failure = #expect(throws: SettingsFailure.self) { try settings([argument]) }
    #expect(failure?.problems == [problem])
  }

  @Test func namesOfTheEnvironmentThatSetNothingAreNamed() throws {
    let failure = #expect(throws: SettingsFailure.self) {
      try settings([], ["SWIFTMTA_REPORTBURST": "1"])
    }
    #expect(failure?.problems == ["SWIFTMTA_REPORTBURST: is the name of no setting"])
    let form = #expect(throws: SettingsFailure.self) { try settings([], ["SWIFTMTA_DANE": "yes"]) }
    #expect(form?.problems == ["dane: must be true or false, not \"yes\" (from SWIFTMTA_DANE)"])
  }
}
