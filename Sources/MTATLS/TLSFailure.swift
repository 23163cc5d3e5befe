internal import COpenSSL

/// Why TLS could not be set up, or ended. Texts are OpenSSL's own reasons.
public enum TLSFailure: Error, Hashable, Sendable {
  /// A certificate or key could not be read or understood. `name` is the file's path.
  case unreadable(name: String, reason: String)
  /// The private key does not belong to the first certificate of the chain.
  case keyMismatch(certificate: String, privateKey: String)
  /// OpenSSL refused a setting.
  case setup(String)
  /// The peers could not agree, or one of them does not speak TLS.
  case handshake(String)
  /// The peer's certificate failed the check; only under ``TLSContext/Verification/full``.
  case untrustedCertificate(String)
  /// The handshake took too long.
  case handshakeTimedOut
  /// The peer left before the end of the handshake.
  case closedDuringHandshake
  /// Damaged or forged bytes after the handshake.
  case damagedRecord(String)
  /// The peer sent too many records without data: key updates, alerts, new handshakes.
  case tooManyControlRecords
}

extension TLSFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let name, let reason): "cannot use \(name): \(reason)"
    case .keyMismatch(let certificate, let key):
      "the private key \(key) does not belong to the certificate \(certificate)"
    case .setup(let reason): "TLS cannot be set up: \(reason)"
    case .handshake(let reason): "TLS handshake failed: \(reason)"
    case .untrustedCertificate(let reason): "the peer's certificate is not trusted: \(reason)"
    case .handshakeTimedOut: "TLS handshake timed out"
    case .closedDuringHandshake: "connection closed during the TLS handshake"
    case .damagedRecord(let reason): "TLS record damaged: \(reason)"
    case .tooManyControlRecords: "too many TLS records that carry nothing"
    }
  }
}

/// The calling thread's queue of OpenSSL errors.
enum OpenSSLErrors {
  /// Call it before every call whose result `SSL_get_error` explains: an old entry would be taken for its reason.
  static func clear() { ERR_clear_error() }

  /// The text of the earliest entry, which caused the later ones. Empties the queue.
  static func takeReason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "no reason given" }
    if let text = ERR_reason_error_string(code) { return String(cString: text) }
    // System errors (no such file, permission denied) have no reason string in the library's tables.
    var buffer = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(code, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
