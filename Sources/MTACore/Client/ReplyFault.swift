/// A reply that breaks the form of RFC 5321 §4.2; the connection is of no more use.
public enum ReplyFault: Error, Hashable, Sendable {
  /// A line that does not begin with a reply code.
  case noCode
  /// More lines or octets than one reply may have.
  case tooLong
}
