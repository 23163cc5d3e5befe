/// One copy in the queue, for an operator: what the store has of it, readable or not.
public struct QueueEntry: Hashable, Sendable {
  public var parcel: ParcelID
  /// The mail's id.
  public var mail: String
  /// The sender of the copy; `<>` for the null sender.
  public var sender: String
  public var recipient: String
  public var state: ParcelState
  /// Held until an operator releases it.
  public var isHeld: Bool
  /// The number of attempts so far.
  public var attempts: Int
  /// Nil while it is held or being delivered.
  public var nextTry: Timestamp?
  /// The last message about it, a server's or ours.
  public var message: String?
  /// When the mail was accepted; nil if the store does not know.
  public var createdAt: Timestamp?
  /// Bytes of the mail's content, without the fields that were added; nil if the store does not know.
  public var size: Int?
  /// The lane in which it waits (``Parcel/lane``), usually the recipient's domain.
  public var lane: String?
  /// The host of the last attempt.
  public var host: String?
  /// Protocol and cipher of the last attempt.
  public var encryption: String?
  /// The TLS policy of the last attempt, and its reason.
  public var tlsPolicy: String?
  /// The end of the attempts.
  public var expiresAt: Timestamp?
  /// An operator's word (``QueueChange/bounce(reason:)``, ``QueueChange/move(to:)``).
  public var order: ParcelOrder?

  public init(
    parcel: ParcelID, mail: String, sender: String, recipient: String, state: ParcelState, isHeld: Bool = false,
    attempts: Int = 0, nextTry: Timestamp? = nil, message: String? = nil
  ) {
    self.parcel = parcel
    self.mail = mail
    self.sender = sender
    self.recipient = recipient
    self.state = state
    self.isHeld = isHeld
    self.attempts = attempts
    self.nextTry = nextTry
    self.message = message
  }
}

extension QueueEntry {
  /// The state in one word: `held`, or that of the table.
  public var standing: String { isHeld ? "held" : state.rawValue }

  /// Behind the last `@` of the recipient.
  public var domain: String {
    guard let at = recipient.utf8.lastIndex(of: UInt8(ascii: "@")) else { return "" }
    return String(recipient[recipient.utf8.index(after: at)...])
  }
}
