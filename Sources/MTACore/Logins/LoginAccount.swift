/// A login name as refused logins are counted by it, whether there is such a user or not.
///
/// Names that hooks may take for the same are the same: the case of ASCII letters does not matter, nor how a mailbox spells its
/// domain.
public struct LoginAccount: Hashable, Sendable, CustomStringConvertible {
  private let bytes: [UInt8]

  /// Nil for the empty name of a token that comes without one.
  public init?(_ name: String) {
    guard !name.utf8.isEmpty else { return nil }
    let mailbox = Mailbox(name)?.caseFolded.description
    bytes = (mailbox ?? name).utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
  }

  /// As a store keeps it.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}
