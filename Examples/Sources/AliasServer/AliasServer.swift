import MTACore
import MTADNS
import MTAServer

/// Reads users and aliases from a settings file, `{"serverName": …, "users": {…}, "aliases": {"info@…": ["ann@…"]}}`, and
/// asks a block list before anything else.
@main struct AliasServer {
  static func main() async throws {
    guard CommandLine.arguments.count == 2, let list = DNSName("zen.dnsbl.example") else {
      print("Usage: AliasServer FILE")
      return
    }
    let settings = try Settings(contentsOf: CommandLine.arguments[1])
    let dns = DNSResolver()
    try await MailServer(settings) {
      AliasHooks(residents: settings.users, aliases: settings.aliases).after(BlockListCheck(list: list, dns: dns))
    }.runUntilSignal()
  }
}
