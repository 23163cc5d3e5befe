import ArgumentParser
import MTACore
import MTAServer

/// The tables `users` and `aliases` of the settings files, for commands that change them.
struct SettingsTables {
  let path: String
  /// As they were when the command began.
  let settings: Settings
  /// `reload` for these settings.
  private let reload: String

  init(_ file: SettingsFile) throws {
    path = try file.path()
    reload = "\(ProgramName.own) reload" + (file.config.map { " --config " + ShellWord.quoted($0) } ?? "")
    settings = try file.read()
  }

  /// The mailbox that an operator means, in its one form. A local part alone is one of the only local domain.
  func mailbox(_ text: String) throws -> Mailbox {
    if let mailbox = Mailbox(text) { return mailbox.caseFolded }
    let domains = settings.localDomains
    if !text.utf8.contains(UInt8(ascii: "@")), domains.count == 1, let domain = domains.first,
      let mailbox = Mailbox("\(text)@\(domain)")
    {
      return mailbox.caseFolded
    }
    throw refusal("Error: \(Self.shown(text)) is no mailbox", .misused)
  }

  /// - Throws: an exit code; what is wrong has been said.
  func change(
    _ key: String, _ body: (inout SettingsEditor.Table, Settings) throws -> Void
  ) throws -> SettingsEditor.Outcome {
    do { return try SettingsEditor(path).change(key, body) } catch let failure as SettingsEditor.Failure {
      if case .settings = failure { throw unusable("\(failure)") }
      throw refusal("Error: \(failure)")
    }
  }

  /// Says what was done, and what is odd about the new settings.
  func tell(_ done: String, _ outcome: SettingsEditor.Outcome) {
    for warning in outcome.warnings { Output.complain("Warning: " + warning) }
    guard let file = outcome.file else { return Output.line("nothing is to be changed") }
    Output.line("\(done), in \(file); a running server knows it after `\(reload)`")
  }

  static func shown(_ text: String) -> String {
    var shown = ""
    shown.append(escaping: text)
    return shown
  }
}

extension Mailbox {
  /// Whether text is a spelling of this mailbox, which is ``caseFolded``.
  func isSpelled(_ text: String) -> Bool { Mailbox(text)?.caseFolded == self }
}
