import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The manual pages of a program, from what the parser of arguments tells of its commands.
struct ManPages {
  struct Page {
    /// `mta-queue-list.8`.
    var name: String
    var text: String
  }

  /// What is told of a command.
  struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind, name: String
      }
      var kind: String
      var names: [Name]?
      var valueName, abstract, discussion, defaultValue: String?
      var allValues: [String]?
      var isOptional, isRepeating, shouldDisplay: Bool
    }
    var commandName: String
    var abstract, discussion: String?
    var shouldDisplay: Bool?
    var arguments: [Argument]?
    var subcommands: [Command]?
  }

  private struct Tool: Decodable {
    var command: Command
  }

  private let program: Command
  private let version: String

  /// - Parameter dump: what `--experimental-dump-help` prints.
  init(of dump: String, version: String) throws {
    program = try JSONDecoder().decode(Tool.self, from: Data(dump.utf8)).command
    self.version = version
  }

  /// The program's own page first.
  var pages: [Page] {
    var pages: [Page] = []
    add(program, below: [], to: &pages)
    return pages
  }

  private static func shown(_ command: Command) -> [Command] {
    (command.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
  }

  private func add(_ command: Command, below path: [String], to pages: inout [Page]) {
    let path = path + [command.commandName]
    let name = path.joined(separator: "-")
    pages.append(Page(name: name + ".8", text: text(of: command, path)))
    for next in Self.shown(command) { add(next, below: path, to: &pages) }
  }

  // MARK: one page

  private func text(of command: Command, _ path: [String]) -> String {
    var page = Roff()
    page.title(path.joined(separator: "-"), "SwiftMTA \(version)", "Mail servers")
    page.section("Name")
    page.line(path.joined(separator: "-"), dash: Self.sentence(command.abstract))
    page.section("Synopsis")
    let subcommands = Self.shown(command)
    page.synopsis(path, subcommands.isEmpty ? Self.synopsis(command) : ["<command>", "[<options>]"])
    if let discussion = command.discussion, !discussion.isEmpty {
      page.section("Description")
      page.prose(discussion)
    }
    if !subcommands.isEmpty {
      page.section("Commands")
      for next in subcommands {
        page.item(next.commandName, next.abstract ?? "")
      }
      page.paragraph("Each has a page of its own: \(path.joined(separator: "-"))-\(subcommands[0].commandName)(8).")
    }
    let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
    if !arguments.isEmpty {
      page.section("Options")
      for argument in arguments { page.item(Self.label(argument), Self.meaning(argument)) }
    }
    if path.count == 1 { addProgramSections(to: &page) } else { addCommandSections(path, to: &page) }
    return page.text
  }

  private func addProgramSections(to page: inout Roff) {
    page.section("Settings")
    page.prose("Keys of the settings file, with their defaults. The command settings explains each.")
    for section in Setting.Section.allCases {
      page.subsection(section.rawValue)
      for row in SettingsTable.rows(of: section) where !row.isForLater {
        page.item(row.key, "\(Self.plain(row.type)); default \(Self.plain(row.initial))", isCompact: true)
      }
    }
    page.section("Exit status")
    page.prose("Codes are those of sysexits.h where it has one.")
    for code in ExitMeaning.all { page.item("\(code.codes)", Self.plain(code.meaning)) }
    page.section("Files")
    page.prose("The settings file is the first of these that is there:")
    for (file, meaning) in [
      ("--config FILE", "The file that is named, anywhere on the command line."),
      ("$MTA_CONFIG", "The file that the environment names."),
      ("mta.json", "In the working folder, if neither it nor the folder can be written by others."),
      ("/etc/mta/mta.json", "The file of the machine."),
      ("/run/swift-mta/submit", "The socket for mail of local users, where they may not read the settings."),
      ("/var/spool/swift-mta/maildrop", "The folder for mail of local users while no server runs."),
    ] { page.item(file, meaning) }
    page.section("Environment")
    for (name, meaning) in [
      ("MTA_CONFIG", "The settings file."),
      ("MTA_LOG_FILE, MTA_SERVER_NAME, …", "A setting in place of the file's: its key in capitals, behind MTA_."),
      ("NO_COLOR", "Tables have no colour on a terminal."),
    ] { page.item(name, meaning) }
  }

  private func addCommandSections(_ path: [String], to page: inout Roff) {
    page.section("Exit status")
    page.prose("0 when it is done; the others are those of \(path[0])(8).")
    page.section("See also")
    let above = (1..<path.count).map { path.prefix($0).joined(separator: "-") + "(8)" }
    page.prose(above.joined(separator: ", "))
  }

  // MARK: arguments

  private static func synopsis(_ command: Command) -> [String] {
    let shown = (command.arguments ?? []).filter {
      $0.shouldDisplay && !["help", "version"].contains($0.valueName ?? "")
    }
    return shown.map { argument in
      let word = argument.kind == "positional" ? "<\(argument.valueName ?? "value")>" : label(argument, isShort: true)
      let repeated = argument.isRepeating ? word + "..." : word
      return argument.isOptional ? "[\(repeated)]" : repeated
    }
  }

  /// `-h, --help`, `--config <config>`.
  private static func label(_ argument: Command.Argument, isShort: Bool = false) -> String {
    let value = argument.valueName ?? "value"
    if argument.kind == "positional" { return "<\(value)>" }
    let names = (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
    let shown = isShort ? Array(names.suffix(1)) : names
    return shown.joined(separator: ", ") + (argument.kind == "option" ? " <\(value)>" : "")
  }

  private static func meaning(_ argument: Command.Argument) -> String {
    var text = [argument.abstract, argument.discussion].compactMap { $0 }.joined(separator: " ")
    if let values = argument.allValues, !values.isEmpty { text += " (values: \(values.joined(separator: ", ")))" }
    if let value = argument.defaultValue, argument.kind != "flag" { text += " (default: \(value))" }
    return text.isEmpty ? "See above." : text
  }

  /// Without the full stop, as the page's name has it.
  private static func sentence(_ text: String?) -> String {
    guard let text, !text.isEmpty else { return "a command" }
    return text.last == "." ? String(text.dropLast()) : text
  }

  /// Without the marks of Markdown.
  private static func plain(_ text: String) -> String { text.filter { $0 != "`" } }
}
