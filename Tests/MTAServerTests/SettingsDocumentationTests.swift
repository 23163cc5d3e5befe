import MTACore
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `Docs/SETTINGS.md` against the settings themselves.
@Suite struct SettingsDocumentationTests {
  /// The keys of the tables' first column, and whether each is marked as without effect.
  private static func documented() throws -> [String: Bool] {
    var folder = URL(filePath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    let text = try String(contentsOf: folder.appending(path: "Docs/SETTINGS.md"), encoding: .utf8)
    var keys: [String: Bool] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cell = line.dropFirst(3)
      guard let end = cell.firstIndex(of: "`") else { continue }
      keys[String(cell[..<end])] = cell[end...].hasPrefix("` †")
    }
    return keys
  }

  @Test func everySettingIsDocumentedAndNoOther() throws {
    let documented = Set(try Self.documented().keys)
    #expect(documented == Set(SettingsTable.rows.map(\.key)))
    // What stands in the rooms' own configurations may have another name, or none in files.
    let rooms: Set = ["receiver", "runner", "filtering"]
    let settings = try Settings(serverName: "mail.village.example")
    let own = Set(Mirror(reflecting: settings).children.compactMap(\.label)).subtracting(rooms)
    #expect(own.subtracting(["noted", "given"]).isSubset(of: documented))
  }

  @Test func everyDocumentedKeyIsRead() throws {
    for key in try Self.documented().keys {
      // No setting is bytes.
      var values: [String: AttributeValue] = ["serverName": .text("mail.village.example")]
      values[key] = .bytes([])
      do {
        _ = try Settings(values, folder: "/tmp")
        Issue.record("\(key) takes bytes")
      } catch {
        #expect(error.problems.contains { $0.hasPrefix(key + ": must be") }, "\(key)")
      }
    }
  }

  @Test func whatHasNoEffectIsMarked() throws {
    let settings = try Settings(
      [
        "serverName": .text("mail.village.example"),
        "logRotation": .text("daily"), "userName": .text("mail"), "groupName": .text("mail"),
        "showIncomingData": .flag(true), "dumpMailIntoLog": .flag(true), "isolation": .text("workers:2"),
      ], folder: "/tmp")
    #expect(Set(settings.noted) == Set(try Self.documented().filter(\.value).keys))
  }
}
