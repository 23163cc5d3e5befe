public import MTACore
import MTADelivery
import MTAReceiver

/// The hooks of a program without hooks of its own: users with crypt(3) passwords, aliases and forwards, all from the settings.
/// Strangers may not relay (the engine's own rule).
///
/// ```swift
/// try await MailServer(settings).runUntilSignal()   // with these
///
/// let hooks = SettingsHooks(settings)               // and with a check before them
/// try await MailServer(settings) { hooks.after(SpamCheck()) }.runUntilSignal()
/// ```
///
/// Made once and copied for each connection. A copy costs nothing, because it shares the tables of the settings.
public struct SettingsHooks: Sendable {
  /// Mailbox → crypt hash; nil for a mailbox without a login.
  private let users: [Mailbox: String?]
  private let aliases: AliasTable
  private let forwards: [Mailbox: Settings.Forward]
  private let delimiter: RecipientDelimiter?
  private let authority: LoginAuthority?

  public init(_ settings: Settings) { self.init(settings, authority: nil) }

  /// - Parameter authority: checks passwords in place of the settings' hashes, which may be missing. Default: that of this process, if it
  ///   has one.
  package init(_ settings: Settings, authority: LoginAuthority?) {
    self.authority = authority
    users = Dictionary(settings.users.map { ($0.caseFolded, $1) }) { first, _ in first }
    aliases = settings.aliases
    delimiter = settings.runner.recipientDelimiter
    forwards = Dictionary(settings.forwards.map { ($0.caseFolded, $1) }) { first, _ in first }
  }
}

extension SettingsHooks: ReceiverHooks {
  /// An alias comes before a user of the same name, a mailbox before one without the detail (`recipientDelimiter`), and that before the
  /// alias of the whole domain.
  public func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    let key = mailbox.caseFolded
    return member(key) ?? delimiter?.user(of: key).flatMap(member)
      ?? aliases.catchAll(for: key).map { record(of: key, forwardingTo: $0) }
  }

  private func member(_ key: Mailbox) -> ClientRecord? {
    if let targets = aliases.targets(of: key) { return record(of: key, forwardingTo: targets) }
    if users.keys.contains(key) {
      let forward = forwards[key]
      return ClientRecord(
        mailboxID: key.description, ownerID: key.description, forwards: forward?.to ?? [],
        keepsCopy: forward?.keepsCopy ?? false)
    }
    return nil
  }

  /// An alias belongs to the owner of its first user, who may therefore send in its name. An alias without users has no owner.
  private func record(of alias: Mailbox, forwardingTo targets: [Mailbox]) -> ClientRecord {
    // A user whose own name is an alias, too, and among its targets, keeps a copy.
    let owner = users.keys.contains(alias) ? alias : targets.map(\.caseFolded).first { users.keys.contains($0) }
    return ClientRecord(mailboxID: owner?.description, ownerID: owner?.description, forwards: targets)
  }

  public func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    if let authority = authority ?? LoginAuthority.ofThisProcess {
      return try await authority.client(of: credentials, conversation.connection)
    }
    return try await client(of: credentials)
  }

  /// By the hashes of the settings.
  func client(of credentials: Credentials) async throws -> ClientRecord? {
    let mailbox = credentials.mailbox
    // Without a user a password is hashed all the same, so that the answer does not tell who exists.
    let hash = mailbox.flatMap { users[$0.caseFolded] ?? nil }
    guard try await credentials.match(cryptHash: hash), let mailbox else { return nil }
    return try await clientLookup(mailbox)
  }
}
