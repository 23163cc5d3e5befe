public import MTACore

/// What is to become of a mail for its local recipients. Reasons are for the sender or the operator; they are made
/// printable and cut where they are used.
public enum FilterVerdict: Hashable, Sendable {
  /// Delivered, with these fields in front of each copy. Fields of the same names that came with the mail are left out of the copies;
  /// what is stored is not rewritten.
  case pass(adding: [HeaderEdit])
  /// Fails. The mail was accepted when it came, so this makes a bounce, to an address that may be forged: ``hold(_:)`` and a field
  /// that the mailbox's own rules look at are kinder.
  case reject(String)
  /// Tried again, as after a temporary refusal.
  case `defer`(String)
  /// Set aside until somebody releases it.
  case hold(String)
  /// Counts as delivered, and is gone. Nobody is told.
  case discard(String)

  /// Delivered as it is.
  public static let pass = FilterVerdict.pass(adding: [])
}
