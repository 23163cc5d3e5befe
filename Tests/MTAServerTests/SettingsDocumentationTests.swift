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
  private static func page() throws -> String {
    var folder = URL(filePath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return try String(contentsOf: folder.appending(path: "Docs/SETTINGS.md"), encoding: .utf8)
  }

  /// The keys of the tables' first column, and whether each is marked as without effect.
  private static func documented() throws -> [String: Bool] {
    var keys: [String: Bool] = [:]
    for line in try page().split(separator: "\n") where line.hasPrefix("| `") {
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
    let rooms: Set = ["receiver", "runner", "filtering", "webhooks"]
    let settings = try Settings(serverName: "mail.village.example")
    let own = Set(Mirror(reflecting: settings).children.compactMap(\.label)).subtracting(rooms)
    #expect(own.subtracting(["noted", "reading"]).isSubset(of: documented))
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

  @Test func secretsAreMarked() throws {
    let page = try Self.page()
    for row in SettingsTable.rows {
      #expect(
        page.contains("\n| `\(row.key)`\(row.isForLater ? " †" : "")\(row.isSecret ? " ‡" : "") | "), "\(row.key)")
    }
  }

  @Test func whatHasNoEffectIsMarked() throws {
    let settings = try Settings(
      [
        "serverName": .text("mail.village.example"),
        "logRotation": .text("daily"), "userName": .text("mail"), "groupName": .text("mail"),
        "isolation": .text("workers:2"),
        "receiverUserName": .text("mail"), "receiverPaths": .list([]), "controlGroup": .text("mail"),
      ], folder: "/tmp")
    #expect(Set(settings.noted) == Set(try Self.documented().filter(\.value).keys))
  }
}
