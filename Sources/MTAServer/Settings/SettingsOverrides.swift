import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Settings from the command line and the environment. They replace those of the file.
///
/// ```swift
/// let overrides = try SettingsOverrides(arguments: ["maximumConnections=500"], environment: ["MTA_LOG_FILE": "log"])
/// let settings = try Settings(contentsOf: "mta.json", overriding: overrides)
/// ```
public struct SettingsOverrides: Hashable, Sendable {
  /// No setting is replaced.
  public static let none = SettingsOverrides()

  private(set) var values: [String: AttributeValue] = [:]
  private(set) var origins: [String: Settings.Origin] = [:]
  /// Sentences for an operator, each beginning with a name.
  private(set) var notes: [String] = []

  private init() {}

  /// Reads texts by the form of each setting. `a,b` is a list, and so is a list in JSON. An object is JSON.
  ///
  /// - Parameters:
  ///   - arguments: `KEY=VALUE` each, with the key of the file, or `--log-file=VALUE`. They come before the environment. Of two for one
  ///     key the last counts.
  ///   - environment: names that begin with `MTA_` count: `MTA_MAXIMUM_CONNECTIONS` is `maximumConnections`. `SWIFTMTA_` is an older
  ///     beginning. Some names of ``otherNames`` set nothing.
  /// - Throws: ``SettingsFailure`` with every name that is not a setting, and every secret: other users of the machine could read it
  ///   there.
  public init(arguments: [String] = [], environment: [String: String] = [:]) throws(SettingsFailure) {
    let (overrides, problems) = Self.made(arguments: arguments, environment: environment)
    if !problems.isEmpty { throw SettingsFailure(problems) }
    self = overrides
  }

  /// The same, with what can be used of them.
  static func made(
    arguments: [String], environment: [String: String]
  ) -> (overrides: SettingsOverrides, problems: [String]) {
    var overrides = SettingsOverrides()
    var problems: [String] = []
    // SWIFTMTA_ comes behind MTA_, and gives way to it.
    for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
      problems += overrides.take(name, text)
    }
    for argument in arguments { problems += overrides.take(argument) }
    return (overrides, problems)
  }

  /// A variable of the environment.
  private mutating func take(_ name: String, _ text: String) -> [String] {
    if name.hasPrefix("MTA_") {
      if let row = SettingsTable.rows.first(where: { $0.environmentName == name }) {
        return take(row, text, from: .environment(name))
      }
      return Self.isOther(name) ? [] : ["\(name): is the name of no setting"]
    }
    guard name.hasPrefix("SWIFTMTA_") else { return [] }
    guard let row = SettingsTable.rows.first(where: { $0.oldEnvironmentName == name }) else {
      return ["\(name): is the name of no setting"]
    }
    if origins[row.key] == .environment(row.environmentName) { return [] }
    notes.append("\(name): is old; write \(row.environmentName)")
    return take(row, text, from: .environment(name))
  }

  /// An argument of the command line.
  private mutating func take(_ argument: String) -> [String] {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let isOption = argument.hasPrefix("--")
    let name = isOption ? String(parts[0]) : "--set \(parts[0])"
    guard let row = SettingsTable.rows.first(where: { (isOption ? $0.optionName : $0.key) == parts[0] }) else {
      return ["\(name): unknown setting"]
    }
    if parts.count < 2 { return ["\(name): " + (isOption ? "needs a value" : "must be KEY=VALUE")] }
    return take(row, String(parts[1]), from: .option(isOption ? name : "--set"))
  }

  private mutating func take(_ row: Setting, _ text: String, from origin: Settings.Origin) -> [String] {
    if let fileKey = row.fileKey {
      return ["\(row.key): is a secret; put it into a file, and its path into \(fileKey)\(origin.place)"]
    }
    if row.isSecret { return ["\(row.key): is a secret, and belongs in the settings file\(origin.place)"] }
    if row.isForFiles { return ["\(row.key): belongs in a settings file\(origin.place)"] }
    guard let value = row.form.value(text) else { return ["\(row.key): must be JSON\(origin.place)"] }
    values[row.key] = value
    origins[row.key] = origin
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
