/// A reply that breaks the form of RFC 5321 §4.2. The connection is then useless.
public enum ReplyFault: Error, Hashable, Sendable {
  /// A line that does not begin with a reply code.
  case noCode
  /// More lines or octets than one reply may have.
  case tooLong
}
