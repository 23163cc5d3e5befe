/// Rewrites the senders of forwarded mail, and finds the original sender again when a report comes back.
///
/// The next server may check whether the sender's domain allows our address to send for it (SPF, RFC 7208 Appendix D.1). It does not,
/// so the copy leaves with a sender of ours that holds the original. MTAReceiver has an implementation: `SRSRewriter`.
public protocol ReversePathRewriter: Sendable {
  /// The sender for a copy that is forwarded to another server; nil to leave it as it is.
  func rewrite(_ sender: Mailbox, at now: Timestamp) -> Mailbox?

  /// Whether a recipient looks like a sender that ``rewrite(_:at:)`` made. If so, ``restore(_:at:)`` is asked for the original. Called
  /// for each recipient, so it must be quick.
  func claims(_ recipient: Mailbox) -> Bool

  /// The original sender of a recipient for which ``claims(_:)`` was true. Mail is forwarded there without further rules, so return
  /// only an address that was certainly rewritten here.
  func restore(_ recipient: Mailbox, at now: Timestamp) -> Restoration
}

/// The original of a rewritten sender.
public enum Restoration: Hashable, Sendable {
  case original(Mailbox)
  /// Rewritten here, but too old.
  case expired
  /// Not rewritten here.
  case unknown
}
