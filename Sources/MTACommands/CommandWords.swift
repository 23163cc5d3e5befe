import ArgumentParser
import MTAServer

/// The words of a command line, as the parser of arguments wants them.
enum CommandWords {
  /// Options that are named after a setting become `--set`, and a `--config FILE` that stands before the command comes behind it.
  ///
  /// An option that the command has itself is its own, whatever settings are called; and where a command has no `--set`, nothing becomes one.
  ///
  /// - Parameters:
  ///   - root: the command that has all others.
  ///   - name: the name by which the program was started. Links of some names stand for a command.
  static func ordered(
    _ words: some Sequence<String>, of root: any ParsableCommand.Type, startedAs name: String = ""
  ) -> [String] {
    switch name {
    case "sendmail": return ["send", "--"] + words
    // There is nothing to do: aliases are settings.
    case "newaliases": return ["send", "--", "-bi"]
    case "mailq": return ["queue", "list"] + words
    default: break
    }
    let words = Array(words)
    var rest = SettingsOverrides.expanding(words, except: CommandOptions.kept(words, of: root))[...]
    var early: [String] = []
    while let word = rest.first {
      if word.hasPrefix("--config=") || word.hasPrefix("--set=") {
        early.append(rest.removeFirst())
      } else if word == "--config" || word == "--set", rest.count > 1 {
        early += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else {
        break
      }
    }
    // It has options of another kind, and reads them itself.
    if rest.first == "send", !rest.elementsEqual(["send", "--help"]) {
      return ["send", "--"] + early + rest.dropFirst()
    }
    guard !early.isEmpty else { return Array(rest) }
    let end = rest.firstIndex(of: "--") ?? rest.endIndex
    return Array(rest[..<end]) + early + Array(rest[end...])
  }
}

/// The name by which the program was started.
enum ProgramName {
  /// A link of this name stands for the command `send`.
  static var isSendmail: Bool { own == "sendmail" }

  static let own: String = {
    let path = CommandLine.arguments.first ?? ""
    guard let name = path.split(separator: "/").last, !name.isEmpty else { return "mta" }
    return String(name)
  }()
}
