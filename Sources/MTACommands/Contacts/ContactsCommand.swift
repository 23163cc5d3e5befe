import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// ```
/// $ ExampleServer contacts list --refused
/// ADDRESS       HITS  OFFENCES  LOCKS  STATE       UNTIL                 REASON
/// 192.0.2.0/24     0         0      0  prohibited  -                     a flood
/// 203.0.113.7     12         4      3  locked out  2026-11-30T16:04:05Z  4 offences
/// $ ExampleServer contacts remove 203.0.113.7
/// 1 client starts anew
/// ```
struct ContactsCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "contacts", abstract: "Look at clients and what was counted of them, refuse them, let them in.",
      discussion: """
        Works with and without a running server, which honours a change for the next connection. A client is an IPv4 address or the /64 \
        network of an IPv6 address. Exits 0 when it is done, 1 for a failure, 64 for settings or arguments that cannot be used.

        Example: \(ProgramName.own) contacts prohibit 192.0.2.0/24 --reason "a flood" --for 2d
        """,
      subcommands: [
        ContactsList<Program>.self, ContactsSummary<Program>.self, ContactsProhibit<Program>.self,
        ContactsAllow<Program>.self, ContactsRemove<Program>.self,
      ])
  }
}

/// `contacts list` and `contacts show`.
struct ContactsList<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "List clients, and networks with orders.",
      discussion: """
        Example: \(ProgramName.own) contacts list 192.0.2.0/24 --json

        --json prints an array of objects: address, hits, violations, locks, state (prohibited, allowed, locked out or null), \
        until (ISO 8601 or null), reason (or null).
        """, aliases: ["show"])
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "Only this address or network.") var network: NetworkArgument?
  @Flag(help: "Only those that are refused now.") var refused = false
  @Flag(help: "Print a JSON array.") var json = false

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let parts = try Program.parts(settings)
      if json {
        var array = JSONArrayWriter()
        try await MailServer.listContacts(settings, parts, within: network?.network) { contact in
          if !refused || contact.isRefused { try array.write(ContactReport(contact: contact)) }
        }
        return try array.end()
      }
      let stream = OutputStream()
      let table = Table([
        .init("ADDRESS"), .init("HITS", number: true), .init("OFFENCES", number: true), .init("LOCKS", number: true),
        .init("STATE"), .init("UNTIL"), .init("REASON"),
      ]) { try stream.write($0) }
      try await MailServer.listContacts(settings, parts, within: network?.network) { contact in
        if refused, !contact.isRefused { return }
        let report = ContactReport(contact: contact)
        try table.add([
          contact.address, "\(contact.record?.hits ?? 0)", "\(contact.record?.violations ?? 0)",
          "\(contact.record?.locks ?? 0)", report.state, contact.until?.internetInstant ?? "", report.reason ?? "",
        ])
      }
      try table.end()
      try stream.flush()
    }
  }
}

/// A client as JSON. The keys are a contract: see `Docs/COMMANDS.md`.
struct ContactReport: Encodable {
  let contact: MailServer.Contact

  var state: String {
    switch contact.order?.kind {
    case .prohibit?: "prohibited"
    case .allow?: "allowed"
    case .forgive?, nil: contact.isLockedOut ? "locked out" : ""
    }
  }

  /// The operator's reason, or the offences of a client that they lock out.
  var reason: String? {
    if let order = contact.order { return order.reason }
    guard contact.isLockedOut, let record = contact.record else { return nil }
    return "\(record.violations) offence\(record.violations == 1 ? "" : "s")"
  }

  private enum CodingKeys: String, CodingKey { case address, hits, violations, locks, state, until, reason }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(contact.address, forKey: .address)
    try fields.encode(contact.record?.hits ?? 0, forKey: .hits)
    try fields.encode(contact.record?.violations ?? 0, forKey: .violations)
    try fields.encode(contact.record?.locks ?? 0, forKey: .locks)
    try fields.encode(nullable: state.isEmpty ? nil : state, forKey: .state)
    try fields.encode(nullable: contact.until?.description, forKey: .until)
    try fields.encode(nullable: reason, forKey: .reason)
  }
}

/// An address, or a network as `192.0.2.0/24`.
struct NetworkArgument: ExpressibleByArgument {
  let network: Network

  init?(argument: String) {
    guard let network = Network(argument) else { return nil }
    self.network = network
  }
}
