public import MTACore

/// What happens to a mail for its local recipients. Reasons are for the sender or the operator. They are made printable and cut to a
/// limit where they are used.
public enum FilterVerdict: Hashable, Sendable {
  /// Delivered, with these fields in front of each copy. The copies lose fields of the same names that came with the mail; the stored
  /// mail is not rewritten.
  case pass(adding: [HeaderEdit])
  /// Fails. The mail was accepted when it came, so its sender gets a bounce, and that address may be forged. ``hold(_:)``, or a field
  /// for the mailbox's own rules, is kinder.
  case reject(String)
  /// Tried again, as after a temporary refusal.
  case `defer`(String)
  /// Held until an operator releases it.
  case hold(String)
  /// Counts as delivered and is dropped, without a report.
  case discard(String)

  /// Delivered unchanged.
  public static let pass = FilterVerdict.pass(adding: [])
}
