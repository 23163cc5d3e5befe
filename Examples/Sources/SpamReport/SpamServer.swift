import MTA

/// Takes mail for the users of a settings file, and judges it.
@main struct SpamServer {
  static func main() async throws {
    guard CommandLine.arguments.count == 2 else {
      print("Usage: SpamReport FILE")
      return
    }
    let settings = try Settings(contentsOf: CommandLine.arguments[1])
    let users = Set(settings.users.keys)
    try await MailServer(settings) { Inboxes(users: users).after(SpamCheck()) }.runUntilSignal()
  }
}

/// Mailboxes without logins. So there is no `auth`, and EHLO does not offer AUTH.
struct Inboxes {
  let users: Set<Mailbox>
}

extension Inboxes: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    users.contains(mailbox.caseFolded) ? ClientRecord(mailboxID: mailbox.caseFolded.description) : nil
  }
}
