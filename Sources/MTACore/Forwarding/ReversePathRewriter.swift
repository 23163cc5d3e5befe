/// Makes senders of forwarded mail ours, and finds the original again when a report comes back.
///
/// The next server may ask whether the sender's domain allows our address to send for it (SPF, RFC 7208 Appendix D.1). It does
/// not, so the copy leaves under a sender of our own that holds the original. MTAReceiver has one: `SRSRewriter`.
public protocol ReversePathRewriter: Sendable {
  /// The sender of a copy that is forwarded to another server; nil to leave it as it is.
  func rewrite(_ sender: Mailbox, at now: Timestamp) -> Mailbox?

  /// Whether a recipient looks like one that ``rewrite(_:at:)`` made, so that it is for ``restore(_:at:)`` to say whom it means.
  /// Asked for each recipient, so it has to be quick.
  func claims(_ recipient: Mailbox) -> Bool

  /// Whom a recipient stands for that ``claims(_:)`` took. Whatever it returns is forwarded to without further rules: it must be
  /// sure that it made the address itself.
  func restore(_ recipient: Mailbox, at now: Timestamp) -> Restoration
}

/// Whom a rewritten sender stands for.
public enum Restoration: Hashable, Sendable {
  case original(Mailbox)
  /// Of our making, but too old.
  case expired
  /// Not of our making.
  case unknown
}
