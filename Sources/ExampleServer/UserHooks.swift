import MTACore
import MTAReceiver

/// The founders' example: users from a table, passwords by crypt(3), no relaying for strangers (the engine's own rule).
struct UserHooks {
  /// Mailbox → crypt hash; nil for a mailbox that nobody logs in to.
  private let users: [Mailbox: String?]

  init(_ users: [Mailbox: String?]) { self.users = users }
}

extension UserHooks: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    let key = mailbox.caseFolded
    return users[key] == nil ? nil : ClientRecord(mailboxID: key.description, ownerID: key.description)
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    let mailbox = credentials.mailbox
    let hash = mailbox.flatMap { users[$0.caseFolded] ?? nil }
    guard try await credentials.match(cryptHash: hash), let mailbox else { return nil }
    return try await clientLookup(mailbox)
  }
}
