import MTACore

/// What settings were read from.
struct SettingsReading: Sendable {
  /// By key.
  var values: [String: AttributeValue] = [:]
  /// By key; a key that is missing was not given.
  var origins: [String: Settings.Origin] = [:]
  /// The settings files, the main one first. Absolute paths.
  var files: [String] = []
  /// Where relative paths of the main file, the environment and the command line begin.
  var folder = "."
  /// Sentences for an operator, each beginning with a key or a name.
  var notes: [String] = []
}

extension Settings {
  /// Where the value of a setting comes from.
  public enum Origin: Hashable, Sendable, CustomStringConvertible {
    /// It was not given.
    case standard
    /// A path.
    case file(String)
    /// The name of a variable.
    case environment(String)
    /// `--set`, or an option of the setting's own, such as `--listening-ports`.
    case option(String)

    public var description: String {
      switch self {
      case .standard: "default"
      case .file(let name), .environment(let name), .option(let name): name
      }
    }

    /// The end of a problem's text.
    var place: String {
      switch self {
      case .standard: ""
      case .file(let path): " (in \(path))"
      case .environment(let name), .option(let name): " (from \(name))"
      }
    }
  }
}
