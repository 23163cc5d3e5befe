import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Settings from the command line and the environment. They replace those of the file.
///
/// ```swift
/// let overrides = try SettingsOverrides(arguments: ["maximumConnections=500"], environment: ["SWIFTMTA_LOG_FILE": "log"])
/// let settings = try Settings(contentsOf: "mta.json", overriding: overrides)
/// ```
public struct SettingsOverrides: Hashable, Sendable {
  /// No setting is replaced.
  public static let none = SettingsOverrides()

  private(set) var values: [String: AttributeValue] = [:]
  /// The source of each setting, for errors.
  private(set) var sources: [String: String] = [:]

  private init() {}

  /// Reads texts by the form of each setting. `a,b` is a list, and so is a list in JSON. An object is JSON.
  ///
  /// - Parameters:
  ///   - arguments: `KEY=VALUE` each, with the key of the file. They come before the environment.
  ///   - environment: names that begin with `SWIFTMTA_` count: `SWIFTMTA_MAXIMUM_CONNECTIONS` is `maximumConnections`.
  /// - Throws: ``SettingsFailure`` with every name that is not a setting, and every secret: other users of the machine could read it
  ///   there.
  public init(arguments: [String] = [], environment: [String: String] = [:]) throws(SettingsFailure) {
    var problems: [String] = []
    for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("SWIFTMTA_") {
      if let row = SettingsTable.rows.first(where: { $0.environmentName == name }) {
        problems += take(row, text, from: name)
      } else {
        problems.append("\(name): is the name of no setting")
      }
    }
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count < 2 {
        problems.append("--set \(parts[0]): must be KEY=VALUE")
      } else if let row = SettingsTable.rows.first(where: { $0.key == parts[0] }) {
        problems += take(row, String(parts[1]), from: "--set")
      } else {
        problems.append("--set \(parts[0]): unknown setting")
      }
    }
    if !problems.isEmpty { throw SettingsFailure(problems) }
  }

  private mutating func take(_ row: Setting, _ text: String, from source: String) -> [String] {
    if row.isSecret { return ["\(row.key): is a secret, and belongs in the settings file (from \(source))"] }
    guard let value = row.form.value(text) else { return ["\(row.key): must be JSON (from \(source))"] }
    values[row.key] = value
    sources[row.key] = source
    return []
  }
}

extension Setting.Form {
  /// The value of a text; nil for broken JSON. Whether the setting accepts the value is checked later.
  func value(_ text: String) -> AttributeValue? {
    switch self {
    case .text: return .text(text)
    case .number: return Self.number(text)
    case .flag: return ["true": .flag(true), "false": .flag(false)][text] ?? .text(text)
    case .object: return Self.json(text)
    case .list(let numbers):
      if text.hasPrefix("[") { return Self.json(text) }
      let items = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
      return .list(items.map { numbers ? Self.number(String($0)) : .text(String($0)) })
    }
  }

  private static func number(_ text: String) -> AttributeValue {
    if let whole = Int64(text) { return .integer(whole) }
    if let number = Double(text), number.isFinite { return .number(number) }
    return .text(text)
  }

  private static func json(_ text: String) -> AttributeValue? {
    try? JSONDecoder().decode(AttributeValue.self, from: Data(text.utf8))
  }
}
