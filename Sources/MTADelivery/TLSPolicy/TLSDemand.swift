/// What TLS an operator asks for, as the settings `tlsPolicies`, `smarthostTLS` and `routes` spell it. It takes the place of what
/// would be found in the DNS.
public enum TLSDemand: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Never, not even when offered.
  case none
  /// Where offered, by any certificate; in clear where it cannot be had (RFC 7435).
  case opportunistic
  /// Or no mail, by any certificate: protection from listeners alone.
  case encrypt
  /// Or no mail, and the certificate leads to a trusted root and bears the name of the host.
  case verify
  /// Or no mail: by the server's TLSA records (RFC 7672), which must be there.
  case dane

  /// Whether an impostor would be found out.
  var isVerified: Bool {
    switch self {
    case .none, .opportunistic, .encrypt: false
    case .verify, .dane: true
    }
  }

  public var description: String { rawValue }
}
