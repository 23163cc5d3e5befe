/// A login name, as the key of refused logins. There may be no such user.
///
/// Names that hooks may treat as equal are equal: the case of ASCII letters and the spelling of a mailbox's domain do not matter.
public struct LoginAccount: Hashable, Sendable, CustomStringConvertible {
  private let bytes: [UInt8]

  /// Nil for an empty name, as of a token without one.
  public init?(_ name: String) {
    guard !name.utf8.isEmpty else { return nil }
    let mailbox = Mailbox(name)?.caseFolded.description
    bytes = (mailbox ?? name).utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
  }

  /// The form in a store.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}
