import MTA

/// Reads users and aliases from a settings file, `{"serverName": …, "users": {…}, "aliases": {"info@…": ["ann@…"]}}`, and
/// asks a block list before anything else.
@main struct AliasServer {
  static func main() async throws {
    guard CommandLine.arguments.count == 2 else {
      print("Usage: AliasServer FILE")
      return
    }
    let settings = try Settings(contentsOf: CommandLine.arguments[1])
    let parts = MailServer.Parts(
      hooks: { AliasHooks(residents: settings.users, aliases: settings.aliases) },
      policies: { dns in [BlockListCheck(list: "zen.dnsbl.example", dns: dns)] })
    try await MailServer(settings, parts).runUntilSignal()
  }
}
