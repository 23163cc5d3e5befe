/// The encryption of a connection, in an event. It has no secrets of the connection.
public struct ConnectionTLS: Hashable, Sendable, CustomStringConvertible {
  /// `TLSv1.3`.
  public let version: String
  /// `TLS_AES_256_GCM_SHA384`.
  public let cipher: String

  package init(version: String, cipher: String) {
    self.version = version
    self.cipher = cipher
  }

  /// From a text of version, blank and cipher.
  package init(_ text: String) {
    let end = text.utf8.firstIndex(of: UInt8(ascii: " ")) ?? text.endIndex
    self.init(version: String(text[..<end]), cipher: String(text[end...].utf8.dropFirst()) ?? "")
  }

  public var description: String { cipher.isEmpty ? version : version + " " + cipher }
}
