internal import COpenSSL

/// Why a key could not be read, made or used.
package enum KeyFailure: Error, Hashable, Sendable {
  /// Not a key of the form that was asked for; what OpenSSL said of it.
  case malformed(String)
  /// A key of another kind than RSA and Ed25519.
  case unsupported
  /// A PEM file that is locked with a pass phrase.
  case encrypted
  /// OpenSSL did not do what it was asked; what it said.
  case failed(String)

  /// The latest entry of this thread's OpenSSL error queue, which is empty afterwards: TLS on the same thread must not
  /// take what happened here for its own.
  static func drainErrors() -> String {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else { return "no reason given" }
    return String(cString: reason)
  }
}
