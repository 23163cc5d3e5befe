import MTACore
import MTAServer
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The part of a settings file that is the program's own.
@Suite struct SettingsAppTests {
  private struct Shop: Decodable, Equatable {
    struct Shelf: Decodable, Equatable {
      var name: String
      var load: Double
    }
    var catalogue: String
    var opens: Int?
    var isOpen: Bool
    var shelves: [Shelf]
  }

  private func read(_ app: String) throws -> Settings {
    let text = #"{"serverName": "a.example", "app": \#(app)}"#
    return try Settings(JSONDecoder().decode([String: AttributeValue].self, from: Data(text.utf8)), folder: "/srv/mta")
  }

  @Test func keysOfTheProgramAreHandedToIt() throws {
    let settings = try read(
      #"{"catalogue": "b\u00fccher", "opens": 9, "isOpen": true, "shelves": [{"name": "top", "load": 1}, {"name": "low", "load": 2.5}]}"#
    )
    #expect(settings.app["opens"] == .integer(9))
    #expect(
      try settings.app()
        == Shop(
          catalogue: "b\u{fc}cher", opens: 9, isOpen: true,
          shelves: [.init(name: "top", load: 1), .init(name: "low", load: 2.5)]))
    #expect(try Settings(serverName: "a.example").app.isEmpty)
  }

  @Test(arguments: [
    (#"{"isOpen": true, "shelves": []}"#, "app.catalogue: is required"),
    (#"{"catalogue": "c", "isOpen": 1, "shelves": []}"#, "app.isOpen: "),
    (#"{"catalogue": "c", "isOpen": true, "shelves": [{"name": "top"}]}"#, "app.shelves."),
  ])
  func whatTheProgramCannotReadIsNamed(app: String, problem: String) throws {
    let settings = try read(app)
    let failure = #expect(throws: SettingsFailure.self) { try settings.app(as: Shop.self) }
    #expect(failure?.problems.count == 1 && failure?.problems.first?.hasPrefix(problem) == true, "\(failure as Any)")
  }

  @Test func unknownKeysElsewhereAreAsWrongAsEver() throws {
    #expect(throws: SettingsFailure(["shop: unknown setting"])) {
      try Settings(["serverName": .text("a.example"), "shop": .map([:])], folder: "/srv/mta")
    }
    #expect(throws: SettingsFailure(["app: must be an object, not 5"])) {
      try Settings(["serverName": .text("a.example"), "app": .integer(5)], folder: "/srv/mta")
    }
  }
}
