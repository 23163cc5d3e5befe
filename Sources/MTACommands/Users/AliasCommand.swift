import ArgumentParser
import MTACore
import MTAServer

/// ```
/// $ ExampleServer alias add info@village.example ann@village.example bob@far.example
/// info@village.example leads to ann@village.example, bob@far.example, in /etc/mta/users.json; …
/// ```
struct AliasCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "alias", abstract: "Look at the aliases of the settings, add them, remove them.",
      discussion: """
        An alias is a mailbox, or `@` and a domain for all names there that do not exist. Changes the settings file that has `aliases`, in \
        one step; all else in it stays as it is written. Without effect if the program has hooks of its own that do not use `aliases`. Exits 0 \
        when it is done, 1 for a failure, 67 when there is no such alias, 64 for settings or arguments that cannot be used.

        Example: \(ProgramName.own) alias add info@village.example ann@village.example
        """,
      subcommands: [AliasAdd.self, AliasRemove.self, AliasList.self])
  }
}

struct AliasAdd: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "add", abstract: "Add an alias, or targets to one.",
      discussion: "Example: \(ProgramName.own) alias add info@village.example ann@village.example bob@far.example")
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The alias: a mailbox, its local part if there is one local domain, or @DOMAIN.") var name: String
  @Argument(help: "The mailboxes that it leads to, here or elsewhere.") var targets: [String]

  func run() async throws {
    let table = try SettingsTables(file)
    let alias = try AliasName(name, table)
    let added = try targets.map { try table.mailbox($0) }
    var all: [Mailbox] = []
    let outcome = try table.change("aliases") { aliases, settings in
      all = alias.targets(settings) ?? []
      for target in added where !all.contains(where: { $0.caseFolded == target }) { all.append(target) }
      if all.map(\.caseFolded) == alias.targets(settings)?.map(\.caseFolded) { return }
      aliases.set(alias.text, to: all.map(\.description), isList: true, where: alias.isSpelled)
    }
    table.tell("\(alias.text) leads to \(all.map(\.description).joined(separator: ", "))", outcome)
  }
}

struct AliasRemove: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "remove", abstract: "Remove an alias, or some of its targets.",
      discussion: "Example: \(ProgramName.own) alias remove info@village.example bob@far.example")
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The alias.") var name: String
  @Argument(help: "The targets that it loses; none: all, so the alias is gone.") var targets: [String] = []

  func run() async throws {
    let table = try SettingsTables(file)
    let alias = try AliasName(name, table)
    let lost = try targets.map { try table.mailbox($0) }
    var left: [Mailbox] = []
    let outcome = try table.change("aliases") { aliases, settings in
      guard let now = alias.targets(settings) else { throw refusal("\(alias.text) is no alias", .noUser) }
      for target in lost where !now.contains(where: { $0.caseFolded == target }) {
        throw refusal("\(alias.text) does not lead to \(target)", .noUser)
      }
      left = lost.isEmpty ? [] : now.filter { !lost.contains($0.caseFolded) }
      if left.isEmpty {
        aliases.remove(where: alias.isSpelled)
      } else {
        aliases.set(alias.text, to: left.map(\.description), isList: true, where: alias.isSpelled)
      }
    }
    let done =
      left.isEmpty
      ? "\(alias.text) is no alias any more"
      : "\(alias.text) leads to \(left.map(\.description).joined(separator: ", "))"
    table.tell(done, outcome)
  }
}

struct AliasList: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "List aliases.",
      discussion: """
        Example: \(ProgramName.own) alias list --json

        --json prints an array of objects: address (a mailbox, or @ and a domain), targets (addresses).
        """)
  }

  @OptionGroup var file: SettingsFile
  @Flag(help: "Print a JSON array.") var json = false

  private struct Line: Encodable {
    var address: String
    var targets: [String]
  }

  func run() async throws {
    let aliases = try file.read().aliases
    var lines = aliases.mailboxes.map { Line(address: "\($0)", targets: $1.map(\.description)) }
    lines += aliases.domains.map { Line(address: "@\($0)", targets: $1.map(\.description)) }
    lines.sort { $0.address < $1.address }
    try await explained {
      try Listing.show(lines, asJSON: json, [.init("ALIAS"), .init("LEADS TO")]) {
        [$0.address, $0.targets.joined(separator: ", ")]
      }
    }
  }
}

/// What an alias stands for: a mailbox, or the names of a domain that do not exist.
private enum AliasName {
  case mailbox(Mailbox)
  case domain(Domain)

  init(_ text: String, _ table: SettingsTables) throws {
    guard text.utf8.first == UInt8(ascii: "@") else {
      self = .mailbox(try table.mailbox(text))
      return
    }
    guard let domain = Domain(text.dropFirst(), international: true) else {
      throw refusal("Error: \(SettingsTables.shown(text)) is no mailbox and no @DOMAIN", .misused)
    }
    self = .domain(domain)
  }

  var text: String {
    switch self {
    case .mailbox(let mailbox): "\(mailbox)"
    case .domain(let domain): "@\(domain)"
    }
  }

  func targets(_ settings: Settings) -> [Mailbox]? {
    switch self {
    case .mailbox(let mailbox): settings.aliases.targets(of: mailbox)
    case .domain(let domain): settings.aliases.domains[domain]
    }
  }

  func isSpelled(_ text: String) -> Bool {
    switch self {
    case .mailbox(let mailbox): mailbox.isSpelled(text)
    case .domain(let domain):
      text.utf8.first == UInt8(ascii: "@") && Domain(text.dropFirst(), international: true) == domain
    }
  }
}
