import MTA

/// Mail for an alias goes to its mailboxes, here or elsewhere. This is a subclass: `BaseReceiverHooks` has every verb with its default, and
/// overrides change single ones.
final class AliasHooks: BaseReceiverHooks, ReceiverHooks {
  /// Mailboxes, and the crypt(3) hashes of their passwords; nil for one without a login.
  private let residents: [Mailbox: String?]
  private let aliases: AliasTable

  init(residents: [Mailbox: String?], aliases: AliasTable) {
    self.residents = residents
    self.aliases = aliases
  }

  /// An alias belongs to the owner of the first mailbox behind it, who may therefore send in its name.
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    let home = aliases.targets(of: mailbox)?.first ?? mailbox.caseFolded
    guard residents.keys.contains(home) else { return nil }
    return ClientRecord(mailboxID: home.description, ownerID: home.description)
  }

  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    let mailbox = credentials.mailbox?.caseFolded
    // An unknown user's password is hashed as well: the answer takes as long as a known one's.
    let hash = mailbox.flatMap { residents[$0] ?? nil }
    guard try await credentials.match(cryptHash: hash), let mailbox else { return nil }
    return try await clientLookup(mailbox)
  }

  override func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    aliases.targets(of: recipient).map { .forward($0, keepingCopy: false) } ?? .proceed
  }
}
