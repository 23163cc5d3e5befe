import MTACore
import MTASystem
import Testing

@testable import MTAServer

/// How many processes a server is, and whom they become.
@Suite struct IsolationTests {
  private func settings(_ values: [String: AttributeValue] = [:]) throws -> Settings {
    try Settings(values.merging(["serverName": .text("a.example")]) { $1 }, folder: "/srv/mta")
  }

  @Test(arguments: [
    ("inProcess", Settings.Isolation.inProcess), ("workers", .workers(2)), ("workers:1", .workers(1)),
    ("workers:64", .workers(64)), ("processPerConnection", .processPerConnection(limit: 256)),
    ("processPerConnection:4096", .processPerConnection(limit: 4096)),
  ])
  func itsFormsAreRead(text: String, isolation: Settings.Isolation) throws {
    #expect(try settings(["isolation": .text(text)]).isolation == isolation)
    #expect(Settings.Isolation(isolation.description) == isolation)
  }

  @Test(arguments: [
    "", "none", "inprocess", "inProcess:1", "workers:", "workers:0", "workers:65", "workers:+5", "workers:2:3",
    "workers: 2", "workers:99999999999999999999", "processPerConnection:0", "processPerConnection:4097",
  ])
  func otherFormsAreNamed(text: String) throws {
    let failure = #expect(throws: SettingsFailure.self) { try settings(["isolation": .text(text)]) }
    #expect(failure?.problems.count == 1 && failure?.problems.first?.hasPrefix("isolation: must be ") == true)
  }

  @Test func theDefaultIsByTheUser() throws {
    let silent = try settings()
    #expect(silent.isolation == nil)
    #expect(silent.effectiveIsolation(asRoot: true) == .workers(2))
    #expect(silent.effectiveIsolation(asRoot: false) == .inProcess)
    let said = try settings(["isolation": .text("workers:3")])
    #expect(said.effectiveIsolation(asRoot: true) == .workers(3))
    #expect(said.effectiveIsolation(asRoot: false) == .workers(3))
  }

  @Test func whatReceiversMayReachIsRead() throws {
    let settings = try settings(["receiverPaths": .list([.text("lists"), .text("rw:/var/cache/mta")])])
    #expect(settings.receiverPaths == [.init("/srv/mta/lists"), .init("/var/cache/mta", isWritable: true)])
    for wrong in ["", "rw:"] {
      #expect(throws: SettingsFailure.self) { try self.settings(["receiverPaths": .list([.text(wrong)])]) }
    }
  }

  @Test(
    arguments: [
      ([:], ["userName", "groupName"]), (["userName": "mail"], ["groupName"]), (["groupName": "mail"], ["userName"]),
      (["isolation": "workers:2"], ["userName", "groupName"]),
      (["isolation": "processPerConnection", "userName": "mail"], ["groupName"]),
    ] as [([String: String], [String])])
  func rootIsRefusedWithTheLinesToAdd(values: [String: String], missing: [String]) throws {
    let settings = try settings(values.mapValues { .text($0) })
    let refusal = try #require(settings.rootRefusal(isRoot: true))
    #expect(refusal.exitCode == 64)
    #expect(refusal.description.contains(#""isolation": "inProcess""#))
    for key in ["userName", "groupName"] {
      #expect(refusal.description.contains("\"\(key)\": \"") == missing.contains(key), "\(refusal)")
    }
    #expect(settings.rootRefusal(isRoot: false) == nil)
  }

  @Test func rootMayStayIfTheSettingsSaySo() throws {
    #expect(try settings(["isolation": .text("inProcess")]).rootRefusal(isRoot: true) == nil)
    #expect(try settings(["userName": .text("mail"), "groupName": .text("mail")]).rootRefusal(isRoot: true) == nil)
  }

  @Test func usersAreFoundByNameAndNumber() throws {
    #expect(try SystemAccount.user("root").id == 0 && SystemAccount.user("root").group == 0)
    #expect(try SystemAccount.group("0") == 0)
    for name in ["no-such-user", "+0", "4294967295", ""] {
      #expect(throws: SystemAccount.Failure.noUser(name)) { try SystemAccount.user(name) }
    }
    #expect(throws: SystemAccount.Failure.noGroup("no-such-group")) { try SystemAccount.group("no-such-group") }
    #expect(try SystemAccount.user("54321").id == 54_321)
    let number: AttributeValue = .text("54321")
    #expect(try RootIdentity(settings(["userName": number])) == nil)
    let one = try #require(try RootIdentity(settings(["userName": number, "groupName": .text("54322")])))
    #expect((one.user, one.group, one.receiver, one.receiverGroup) == (54_321, 54_322, 54_321, 54_322))
    let two = try #require(
      try RootIdentity(
        settings(["userName": number, "groupName": .text("54322"), "receiverUserName": .text("54323")])))
    #expect((two.user, two.group, two.receiver, two.receiverGroup) == (54_321, 54_322, 54_323, 54_323))
  }

  @Test func eachUserAtFaultIsNamed() throws {
    let failure = #expect(throws: StartFailure.self) {
      try RootIdentity(
        settings([
          "userName": .text("no-such-user"), "groupName": .text("no-such-group"), "receiverUserName": .text("0"),
        ]))
    }
    #expect(
      failure?.description.split(separator: "\n").map { $0.prefix { $0 != ":" } }
        == ["userName", "groupName", "receiverUserName"])
  }
}
