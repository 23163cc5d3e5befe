/// Hooks made of closures, for very small servers.
///
/// ```swift
/// var hooks = ClosureHooks(
///   clientLookup: { mailbox in mailbox.domain == home ? ClientRecord(mailboxID: mailbox.description) : nil },
///   auth: { _, _ in nil })
/// hooks.onRcptTo = { recipient, _ in recipient.localPart == "old" ? .refuse("has moved") : .proceed }
/// ```
///
/// One value serves all connections, so it has no state of its own. Keep what belongs to a mail in `conversation.attributes`. For other
/// verbs, or for state, write a type that conforms to ``ReceiverHooks``.
public struct ClosureHooks: ReceiverHooks, Sendable {
  public typealias Stage<Verdict> = @Sendable (_ conversation: inout Conversation) async throws -> Verdict
  public typealias StageOf<Subject, Verdict> =
    @Sendable (_ subject: Subject, _ conversation: inout Conversation) async throws -> Verdict

  /// Who is behind an address; nil for a stranger.
  public var onClientLookup: @Sendable (Mailbox) async throws -> ClientRecord?
  /// Whose credentials these are; nil when they are wrong.
  public var onAuth: StageOf<Credentials, ClientRecord?>
  // Nil leaves a verb its default.
  public var onConnect: Stage<ConnectVerdict>?
  public var onEhlo: StageOf<Domain?, StageVerdict>?
  public var onMailFrom: StageOf<ReversePath, StageVerdict>?
  public var onRcptTo: StageOf<Mailbox, RecipientVerdict>?
  public var onEndOfHeaders: Stage<StageVerdict>?
  public var onMessage: Stage<MessageVerdict>?

  public init(
    clientLookup: @escaping @Sendable (Mailbox) async throws -> ClientRecord?,
    auth: @escaping StageOf<Credentials, ClientRecord?>
  ) {
    self.onClientLookup = clientLookup
    self.onAuth = auth
  }

  public func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { try await onClientLookup(mailbox) }
  public func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    try await onAuth(credentials, &conversation)
  }
  public func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict {
    try await onConnect?(&conversation) ?? .proceed
  }
  public func ehlo(_ domain: Domain?, _ conversation: inout Conversation) async throws -> StageVerdict {
    try await onEhlo?(domain, &conversation) ?? .proceed
  }
  public func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict {
    try await onMailFrom?(sender, &conversation) ?? .proceed
  }
  public func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    try await onRcptTo?(recipient, &conversation) ?? .proceed
  }
  public func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict {
    try await onEndOfHeaders?(&conversation) ?? .proceed
  }
  public func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    try await onMessage?(&conversation) ?? .proceed
  }
}
