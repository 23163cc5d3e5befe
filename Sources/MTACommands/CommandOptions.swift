import ArgumentParser
import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The options that a command declares, so that those of settings do not get in their way.
enum CommandOptions {
  /// The options named after settings that must stay as they are, because the command of these words has them itself, or has no `--set`.
  static func kept(_ words: [String], of root: any ParsableCommand.Type) -> Set<String> {
    let names = SettingsOverrides.optionNames
    // Most command lines have none, and then nobody has to be asked.
    guard words.contains(where: { names.contains(String($0.prefix { $0 != "=" })) }),
      let command = command(of: words, below: root, names)
    else { return [] }
    // It has options of another kind, and reads them itself.
    if command._commandName == "send" { return [] }
    let own = declared(by: command)
    return own.contains("--set") ? own : names
  }

  /// The long options of a command, with their hyphens.
  static func declared(by command: any ParsableCommand.Type) -> Set<String> {
    let dump = Data(command._dumpHelp().utf8)
    guard let tool = try? JSONDecoder().decode(Tool.self, from: dump) else { return [] }
    return Set(
      (tool.command.arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map { "--" + $0.name })
  }

  /// Nil: the words name none.
  private static func command(
    of words: [String], below root: any ParsableCommand.Type, _ names: Set<String>
  ) -> (any ParsableCommand.Type)? {
    var rest = words[...]
    // Options that may stand before the command, with their values.
    while let word = rest.first, word.hasPrefix("--"), word != "--" {
      rest.removeFirst()
      let isKnown = word == "--config" || word == "--set" || names.contains(word)
      if isKnown, rest.first?.hasPrefix("--") == false { rest.removeFirst() }
    }
    var command: (any ParsableCommand.Type)?
    while let word = rest.popFirst(),
      let next = (command ?? root).configuration.subcommands.first(where: {
        $0._commandName == word || $0.configuration.aliases.contains(word)
      })
    {
      command = next
    }
    return command
  }

  /// What the parser of arguments tells of a command.
  private struct Tool: Decodable {
    struct Command: Decodable {
      var arguments: [Argument]?
    }
    struct Argument: Decodable {
      var names: [Name]?
    }
    struct Name: Decodable {
      var kind, name: String
    }

    var command: Command
  }
}
