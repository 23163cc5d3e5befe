public import NIOCore

/// One method for each verb of the conversation. The default of each leaves the decision to the engine's own rules.
///
/// The calls of one connection come in this order, one at a time:
///
/// ```
///                          connect
/// S: 220 mx.example.net
/// C: EHLO client.example   ehlo
/// C: STARTTLS              startTLS
/// C: AUTH PLAIN …          auth                       (ReceiverHooks; before it scramKeys, where AUTH is SCRAM)
/// C: MAIL FROM:<a@b>       clientLookup, mailFrom     (InboundHooks has clientLookup)
/// C: RCPT TO:<c@d>         clientLookup, rcptTo
/// C: DATA                  data
///    header section        endOfHeaders
///    the rest, and "."     message                    (contentPiece as it arrives, for those that want it)
/// C: QUIT                  quit
///                          disconnect
/// ```
///
/// The engine checks legality and its built-in rules before it asks, and changes its own state afterwards. A hook returns a verdict,
/// never protocol text. If a hook throws, or exceeds its budget, the client gets 451 and no mail is lost.
///
/// Write a conformance in an extension (`extension Shop: ReceiverPolicy`). There the compiler warns of a misspelt verb; in the type's
/// own body it would silently ignore it.
public protocol ReceiverPolicy {
  /// What the hooks want to see of content, besides its header section. Default: nothing.
  static var wantsContent: ContentWish { get }
  /// A client connected. Default: greet it.
  mutating func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict
  /// EHLO or HELO (`conversation.isExtended` says which). The domain is ``Domain/other(_:)`` if the client named none. Default:
  /// welcome.
  mutating func ehlo(_ domain: Domain?, _ conversation: inout Conversation) async throws -> StageVerdict
  /// STARTTLS, before the handshake. At the next call `conversation.encryption` has the result. Default: start it.
  mutating func startTLS(_ conversation: inout Conversation) async throws -> StageVerdict
  /// MAIL, after the sender's `clientLookup`. Default: the sender is fine.
  mutating func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict
  /// RCPT, after the recipient's `clientLookup`. Only for recipients that the rules let pass, so not for relaying. Default: accept.
  mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict
  /// DATA, before the content. Default: take it.
  mutating func data(_ conversation: inout Conversation) async throws -> StageVerdict
  /// The header section has arrived (`conversation.header`); a refusal is answered after the content's end.
  mutating func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict
  /// The next bytes of content, in order, of any length, header section included. Called for hooks whose ``wantsContent`` says
  /// `pieces`, as long as nothing refuses the mail. The piece with the end of the header section comes before `endOfHeaders`. While the
  /// hook runs, further bytes of the client wait. An error is a temporary refusal, answered at the end of the content.
  mutating func contentPiece(_ bytes: ByteBuffer, _ conversation: inout Conversation) async throws
  /// The whole mail has arrived. Default: queue it.
  mutating func message(_ conversation: inout Conversation) async throws -> MessageVerdict
  /// RSET. The transaction is dropped whatever the verdict. Default: 250.
  mutating func rset(_ conversation: inout Conversation) async throws -> CommandVerdict
  /// NOOP. Default: 250.
  mutating func noop(_ conversation: inout Conversation) async throws -> CommandVerdict
  /// VRFY. Default: 252, which says nothing about the user.
  mutating func vrfy(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict
  /// EXPN. Default: 252, which says nothing about the list.
  mutating func expn(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict
  /// HELP. Default: the list of commands.
  mutating func help(_ text: String?, _ conversation: inout Conversation) async throws -> CommandVerdict
  /// A verb that the engine does not know. Default: 500.
  mutating func unknown(_ verb: String, _ conversation: inout Conversation) async throws -> CommandVerdict
  /// QUIT. The answer is always 221.
  mutating func quit(_ conversation: inout Conversation) async throws
  /// The client was silent for too long. The answer is always 421.
  mutating func timeout(_ conversation: inout Conversation) async throws
  /// The connection is over. Called once in every case, last. It is not cancelled.
  mutating func disconnect(_ conversation: Conversation) async
}

/// What a mail server must say: who its clients are, and who may log in. These are the two methods without a default. A server without
/// logins needs only ``InboundHooks``.
///
/// ```swift
/// struct Shop { let users: [Mailbox: User] }
///
/// extension Shop: ReceiverHooks {
///   mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
///     users[mailbox.caseFolded].map { ClientRecord(mailboxID: $0.id, ownerID: $0.owner) }
///   }
///   mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
///     let user = credentials.mailbox.flatMap { users[$0.caseFolded] }
///     // Without a user a password is hashed all the same, so that the answer does not tell who exists.
///     guard try await credentials.match(cryptHash: user?.hash), let user else { return nil }
///     return ClientRecord(mailboxID: user.id, ownerID: user.owner)
///   }
/// }
/// ```
///
/// A factory makes one value for each connection. So plain `var`s hold the connection's state, without locks. Structs, classes and
/// actors can conform.
public protocol ReceiverHooks: InboundHooks {
  /// Who is behind an address. Asked for senders and recipients. Nil for a stranger. The answer for a recipient is stored with its
  /// parcel.
  ///
  /// The mailbox has the spelling that came. All spellings are equal as values. In tables of text use the `description` of
  /// ``Mailbox/caseFolded``, whose domain is ASCII: `bob@xn--bcher-kva.example`.
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord?
  /// The keys of a user who logs in by SCRAM. Nil if the user has none or is unknown; the client cannot tell which. Called only if a
  /// SCRAM mechanism is offered. An error is a temporary failure (454). Default: nil.
  mutating func scramKeys(for user: String) async throws -> SCRAMKeys?
  /// Whose credentials these are; nil if they are wrong. An error is a temporary failure (454).
  ///
  /// `credentials.proof` says how to check them. A password or a token is for this hook to check. A SCRAM proof was verified already,
  /// with the keys of ``scramKeys(for:)``.
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord?
}

extension ReceiverHooks {
  public mutating func scramKeys(for user: String) async throws -> SCRAMKeys? { nil }
}

extension ReceiverPolicy {
  public static var wantsContent: ContentWish { .none }
  public mutating func contentPiece(_ bytes: ByteBuffer, _ conversation: inout Conversation) async throws {}
  public mutating func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict { .proceed }
  public mutating func ehlo(_ domain: Domain?, _ conversation: inout Conversation) async throws -> StageVerdict {
    .proceed
  }
  public mutating func startTLS(_ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  public mutating func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict
  { .proceed }
  public mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict
  { .proceed }
  public mutating func data(_ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  public mutating func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  public mutating func message(_ conversation: inout Conversation) async throws -> MessageVerdict { .proceed }
  public mutating func rset(_ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  public mutating func noop(_ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  public mutating func vrfy(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict {
    .proceed
  }
  public mutating func expn(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict {
    .proceed
  }
  public mutating func help(_ text: String?, _ conversation: inout Conversation) async throws -> CommandVerdict {
    .proceed
  }
  public mutating func unknown(_ verb: String, _ conversation: inout Conversation) async throws -> CommandVerdict {
    .proceed
  }
  public mutating func quit(_ conversation: inout Conversation) async throws {}
  public mutating func timeout(_ conversation: inout Conversation) async throws {}
  public mutating func disconnect(_ conversation: Conversation) async {}
}
