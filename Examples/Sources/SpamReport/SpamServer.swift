import MTACore
import MTAServer

/// Takes mail for the users of a settings file, and judges it. The hooks are a policy and a closure's worth of the rest.
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

/// Mailboxes that mail arrives in, and nobody logs in to.
struct Inboxes {
  let users: Set<Mailbox>
}

extension Inboxes: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    users.contains(mailbox.caseFolded) ? ClientRecord(mailboxID: mailbox.caseFolded.description) : nil
  }

  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}
