public import MTACore

/// What a server would have for settings, where each comes from, and everything that is wrong with them. Nothing is started, made or
/// changed.
///
/// ```swift
/// let report = SettingsReport(contentsOf: "mta.json", arguments: [])
/// for problem in report.problems { print(problem) }
/// ```
public struct SettingsReport: Sendable {
  /// One setting.
  public struct Entry: Hashable, Sendable {
    /// Its key in a file.
    public let key: String
    /// Its value, as a file would have it; nil if it is not shown, because it is or holds a secret, or because it has none.
    public let value: AttributeValue?
    /// The value as a text; of secrets what can be told of them.
    public let text: String
    public let origin: Settings.Origin
    /// It is or holds a secret.
    public let isSecret: Bool
  }

  /// The settings files, the main one first.
  public let files: [String]
  /// Every setting, in the order of the page. A setting with a problem has its default. Empty if the file cannot be read.
  public let entries: [Entry]
  /// What prevents a start: a sentence each, beginning with the key or the file. Empty: a server would start, if the system lets it.
  public let problems: [String]
  /// What does not prevent it: likewise.
  public let warnings: [String]

  /// Reads and checks settings as a server does that is started now, by this user.
  ///
  /// - Parameters:
  ///   - arguments: settings of the command line: see ``SettingsOverrides/init(arguments:environment:)``.
  ///   - environment: variables; those that are settings count.
  public init(contentsOf path: String, arguments: [String] = [], environment: [String: String] = [:]) {
    let read = SettingsFiles(path)
    let (overrides, wrong) = SettingsOverrides.made(arguments: arguments, environment: environment)
    files = read.reading.files
    var problems = read.problems + wrong
    // It lacks every key, and to say so tells nothing new.
    if read.reading.values.isEmpty, !read.problems.isEmpty {
      (entries, self.problems, warnings) = ([], problems, [])
      return
    }
    do throws(SettingsFailure) {
      let (settings, faults) = try Settings.made(read.reading, overriding: overrides)
      problems += faults
      entries = SettingsTable.rows.map { Entry($0, settings) }
      let trial = SettingsTrial(settings)
      self.problems = problems + trial.problems
      warnings = trial.warnings
    } catch {
      entries = []
      self.problems = problems + error.problems
      warnings = []
    }
  }

  /// There are no ``problems``.
  public var isUsable: Bool { problems.isEmpty }
}

extension SettingsReport.Entry {
  init(_ row: Setting, _ settings: Settings) {
    key = row.key
    isSecret = row.isSecret
    origin = settings.reading.origins[row.key] ?? .standard
    let given = settings.reading.values[row.key]
    if row.isSecret || row.isOpaque {
      value = nil
      let count =
        if case .map(let entries) = given { entries.count == 1 ? "1 entry, " : "\(entries.count) entries, " } else {
          ""
        }
      text = given == nil ? "none" : "(\(count)not shown)"
      return
    }
    value = row.effective.map { $0(settings) } ?? given
    text = value.map { Self.text($0) } ?? row.initial.filter { $0 != "`" }
  }

  /// As JSON, but a text without quotes.
  private static func text(_ value: AttributeValue) -> String {
    if case .text(let text) = value { text } else { SettingsJSON.text(value) }
  }
}
