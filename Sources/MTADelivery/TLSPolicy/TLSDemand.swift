/// The TLS that an operator asks for, as the settings `tlsPolicies`, `smarthostTLS` and `routes` spell it. It replaces what the DNS
/// says.
public enum TLSDemand: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Never encrypt, even if the server offers it.
  case none
  /// Encrypt with any certificate if the server offers TLS; else send in clear (RFC 7435).
  case opportunistic
  /// Send only under TLS, with any certificate: protection from listeners alone.
  case encrypt
  /// Send only under TLS. The certificate must lead to a trusted root and have the host's name.
  case verify
  /// Send only under TLS. The server must have TLSA records that vouch for it (RFC 7672).
  case dane

  /// Whether it detects an impostor.
  var isVerified: Bool {
    switch self {
    case .none, .opportunistic, .encrypt: false
    case .verify, .dane: true
    }
  }

  public var description: String { rawValue }
}
