import Foundation
import MTACore
import MTASystem
import Testing

@testable import MTAServer

/// Tables of the settings files are changed in one step, and only to what the server can use.
@Suite struct SettingsEditorTests {
  private let folder = SettingsFolder()
  private let hash = "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder[name])), as: UTF8.self)
  }

  private func add(_ user: String, _ hash: String, faults: FaultPlan? = nil) throws -> SettingsEditor.Outcome {
    try SettingsEditor(folder["mta.json"], faults: faults).change("users") { table, _ in
      table.set(user, to: [hash], isList: false, where: { $0 == user })
    }
  }

  @Test func theFileThatHasTheTableIsChangedAndKeepsItsMode() throws {
    try folder.write(#"{"serverName": "a.example", "include": ["users.json"]}"#, mode: 0o644)
    try folder.write("{\n  \"users\": {\n    \"ann@a.example\": \"*\"\n  }\n}\n", to: "users.json", mode: 0o640)
    let outcome = try add("bob@a.example", hash)
    #expect(outcome.file == folder["users.json"])
    #expect(
      try text("users.json")
        == "{\n  \"users\": {\n    \"ann@a.example\": \"*\",\n    \"bob@a.example\": \"\(hash)\"\n  }\n}\n")
    #expect(try DurableFiles().status(folder["users.json"], at: "test").mode == 0o640)
    #expect(try folder.read().users.count == 2)
    // A second time there is nothing to change.
    #expect(try add("bob@a.example", hash).file == nil)
  }

  @Test func aTableThatIsMissingComesIntoTheMainFile() throws {
    try folder.write(#"{"serverName": "a.example"}"#)
    #expect(try add("ann@a.example", hash).file == folder["mta.json"])
    #expect(try folder.read().users.keys.map(\.description) == ["ann@a.example"])
  }

  @Test func whatTheServerCouldNotUseIsNotWritten() throws {
    let before = #"{"serverName": "a.example", "users": {}}"#
    try folder.write(before)
    for (name, value) in [("ann@a.example", "my-password"), ("no mailbox", "*"), ("ann@a.example", "")] {
      #expect(throws: SettingsEditor.Failure.self) { try add(name, value) }
    }
    #expect(try text("mta.json") == before)
    try folder.write(#"{"serverName": "a.example", "users": {}, "reportBurst": 0}"#)
    #expect(throws: SettingsEditor.Failure.self) { try add("ann@a.example", "*") }
  }

  @Test func aNewTargetThatDoesNotExistIsWarnedOf() throws {
    try folder.write(#"{"serverName": "a.example", "localDomains": ["a.example"]}"#)
    let outcome = try SettingsEditor(folder["mta.json"]).change("aliases") { table, _ in
      table.set("info@a.example", to: ["ann@a.example"], isList: true, where: { _ in false })
    }
    #expect(outcome.warnings == ["aliases: info@a.example: ann@a.example does not exist here"])
  }

  @Test func aLinkIsNotReplacedByAFile() throws {
    try folder.write(#"{"serverName": "a.example"}"#, to: "real.json")
    try #require(symlink(folder["real.json"], folder["mta.json"]) == 0)
    #expect(throws: SettingsEditor.Failure.self) { try add("ann@a.example", "*") }
    #expect(try DurableFiles().statusOfLink(folder["mta.json"], at: "test").isSymbolicLink)
  }

  /// Whichever step fails, the file is the old one or the new one, and nothing is left beside it but the lock.
  @Test func everyFailureLeavesAWholeFile() throws {
    let before = #"{"serverName": "a.example", "users": {}}"#
    var failures = 0
    for call in 1...40 {
      try folder.write(before)
      let faults = FaultPlan()
      faults.inject(.fails(ENOSPC), call: call)
      do {
        _ = try add("ann@a.example", hash, faults: faults)
        if faults.spoilt.isEmpty { break }
      } catch { failures += 1 }
      #expect([0, 1].contains(try folder.read().users.count), "step \(call)")
      let names = try DurableFiles().names(in: folder.path, at: "test").sorted()
      #expect(names == [".mta.json.lock", "mta.json"] || names == ["mta.json"], "step \(call): \(names)")
      #expect(call < 40)
    }
    #expect(failures > 5)
  }

  /// What root leaves behind does not keep the owner of the settings out.
  @Test(.enabled(if: geteuid() == 0)) func theLockBelongsToWhoeverHasTheSettings() async throws {
    try folder.write(#"{"serverName": "a.example"}"#)
    try #require(chown(folder["mta.json"], 65_534, 65_533) == 0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...8 { group.addTask { _ = try add("u\(number)@a.example", "*") } }
      try await group.waitForAll()
    }
    for name in [".mta.json.lock", "mta.json"] {
      let status = try DurableFiles().statusOfLink(folder[name], at: "test")
      #expect(status.owner == 65_534 && status.group == 65_533, "\(name)")
    }
    #expect(try folder.read().users.count == 8)
    #expect(try DurableFiles().names(in: folder.path, at: "test").sorted() == [".mta.json.lock", "mta.json"])
  }

  /// Whichever step fails, a lock that is there is never root's.
  @Test(.enabled(if: geteuid() == 0)) func aLockIsNeverAnothersBetweenSteps() throws {
    let name = folder[".mta.json.lock"]
    for call in 1...12 {
      try folder.write(#"{"serverName": "a.example"}"#)
      try #require(chown(folder["mta.json"], 65_534, 65_533) == 0)
      let faults = FaultPlan()
      faults.inject(.fails(ENOSPC), call: call)
      _ = try? add("ann@a.example", "*", faults: faults)
      if let status = try? DurableFiles().statusOfLink(name, at: "test") {
        #expect(status.owner == 65_534, "step \(call)")
        try DurableFiles().unlink(name, at: "test")
      }
    }
  }

  /// Each sees what the one before wrote.
  @Test func changesAtOnceAreAllKept() async throws {
    try folder.write(#"{"serverName": "a.example"}"#)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...20 { group.addTask { _ = try add("u\(number)@a.example", "*") } }
      try await group.waitForAll()
    }
    #expect(try folder.read().users.count == 20)
  }
}
