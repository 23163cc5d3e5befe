import MTACore

/// One setting: a row of ``SettingsTable``. The reader of files, the check for unknown keys, the names for the command line and the
/// environment, and `Docs/SETTINGS.md` follow from it.
package struct Setting: Sendable {
  /// A part of the table, in the order of the page.
  package enum Section: String, Sendable, CaseIterable {
    case identity = "Identity"
    case listening = "Listening"
    case submission = "Local users"
    case rules = "Rules"
    case queue = "Queue and delivery"
    case filter = "Content filter"
    case process = "Process and log"
  }

  /// How a text of the command line or the environment becomes a value of a file.
  package enum Form: Sendable {
    case text, number, flag
    /// `a,b`, or a JSON list. The numbers among the items are numbers if `numbers` says so.
    case list(numbers: Bool)
    /// JSON.
    case object
  }

  package let key: String
  package let form: Form
  /// What may stand there, with the unit, in Markdown.
  package let type: String
  /// The default, in Markdown.
  package let initial: String
  /// What it sets, in Markdown.
  package let meaning: String
  /// It is checked and kept, but does nothing yet.
  package private(set) var isForLater = false
  /// It is or holds secrets. Neither the command line nor the environment may hold it: other users of the machine can read them.
  package private(set) var isSecret = false
  /// The key of the setting that has the path of a file with the secret; nil if there is none.
  private(set) var fileKey: String?
  /// It says something about files alone.
  package private(set) var isForFiles = false
  /// It is not ours to know, and may hold secrets: reports do not show it.
  package private(set) var isOpaque = false
  /// SIGHUP reads it anew.
  package private(set) var isReloaded = false
  /// Takes the value from a file's object, and puts it into the settings.
  let read: @Sendable (inout SettingsReader, inout Settings) -> Void
  /// The value that settings have, as a file would have it. Nil: what was given is what they have.
  private(set) var effective: (@Sendable (Settings) -> AttributeValue)?

  init(
    _ key: String, _ form: Form, type: String, initial: String, _ meaning: String,
    read: @escaping @Sendable (inout SettingsReader, inout Settings) -> Void
  ) {
    self.key = key
    self.form = form
    self.type = type
    self.initial = initial
    self.meaning = meaning
    self.read = read
    isReloaded = !Settings.waiting.contains(key)
  }

  /// `implicitTLSPorts` is `MTA_IMPLICIT_TLS_PORTS`.
  package var environmentName: String { "MTA_" + capitals }

  /// What ``environmentName`` was before.
  package var oldEnvironmentName: String { "SWIFTMTA_" + capitals }

  /// `implicitTLSPorts` is `--implicit-tls-ports`.
  package var optionName: String { "--" + capitals.lowercased().replacing("_", with: "-") }

  private var capitals: String {
    let letters = Array(key)
    var name = ""
    for (place, letter) in letters.enumerated() {
      if place > 0, letter.isUppercase {
        let follows = letters.indices.contains(place + 1) && letters[place + 1].isLowercase
        if letters[place - 1].isLowercase || follows { name.append("_") }
      }
      name += letter.uppercased()
    }
    return name
  }

  var forLater: Setting { with { $0.isForLater = true } }
  var secret: Setting { with { $0.isSecret = true } }
  var opaque: Setting { with { $0.isOpaque = true } }
  var forFiles: Setting { with { $0.isForFiles = true } }
  var reloaded: Setting { with { $0.isReloaded = true } }

  func secret(fileKey: String) -> Setting {
    with { ($0.isSecret, $0.fileKey) = (true, fileKey) }
  }

  func shown(_ effective: @escaping @Sendable (Settings) -> AttributeValue) -> Setting {
    with { $0.effective = effective }
  }

  private func with(_ change: (inout Setting) -> Void) -> Setting {
    var copy = self
    change(&copy)
    return copy
  }
}
