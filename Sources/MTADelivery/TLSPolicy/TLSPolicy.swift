public import MTATLS

/// The TLS that a mail must have to one host, and why. Each attempt has one, and its outcome keeps it.
///
/// ```
/// none (set for .lab.example)
/// opportunistic (no TLSA records; no MTA-STS policy)
/// encrypt (_25._tcp.mx.example.org has no TLSA record that can be used)
/// verify (set for the smarthost)
/// mta-sts enforce (policy 20260101 of example.org names mx.example.org)
/// dane (TLSA 3 1 1 at _25._tcp.mx.example.org, authenticated)
/// ```
public struct TLSPolicy: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// Send in clear.
    case none
    /// Encrypt with any certificate if the server offers TLS; else send in clear (RFC 7435).
    case opportunistic
    /// Send only under TLS, with any certificate.
    case encrypt
    /// Send only under TLS. The certificate must lead to a trusted root and have the host's name.
    case verify
    /// As ``verify``, because the domain's policy says so (RFC 8461 §5).
    case enforcedByMTASTS
    /// As ``opportunistic``. If an enforced policy would have stopped the mail, the log says so. `fits`: the policy names the host.
    case testedByMTASTS(fits: Bool)
    /// Send only under TLS. These records must vouch for the server (RFC 7672).
    case dane(DANEReference)
  }

  public var kind: Kind
  /// Why this policy; one printable line.
  public var reason: String
  /// The sender asked for protection all the way (RFC 8689): the server must offer REQUIRETLS.
  public var isRequiredBySender: Bool

  public init(_ kind: Kind, reason: String, isRequiredBySender: Bool = false) {
    self.kind = kind
    self.reason = reason
    self.isRequiredBySender = isRequiredBySender
  }

  /// Whether mail may also go without TLS.
  public var allowsClear: Bool {
    switch kind {
    case .none, .opportunistic, .testedByMTASTS: true
    case .encrypt, .verify, .enforcedByMTASTS, .dane: false
    }
  }

  /// Whether the policy detects an impostor.
  public var isVerified: Bool {
    switch kind {
    case .none, .opportunistic, .testedByMTASTS, .encrypt: false
    case .verify, .enforcedByMTASTS, .dane: true
    }
  }

  /// Whether the result of a connection's handshake satisfies the policy.
  ///
  /// - Parameters:
  ///   - facts: nil for a connection in clear.
  ///   - dane: the records that the handshake was made with.
  func isSatisfied(by facts: TLSFacts?, dane: DANEReference?) -> Bool {
    switch kind {
    case .none, .opportunistic, .testedByMTASTS: true
    case .encrypt: facts != nil
    case .verify, .enforcedByMTASTS: facts?.verification == .verified
    case .dane(let reference): if case .dane? = facts?.verification { reference == dane } else { false }
    }
  }
}

extension TLSPolicy: CustomStringConvertible {
  public var description: String { "\(kind) (\(reason))" + (isRequiredBySender ? ", REQUIRETLS" : "") }
}

extension TLSPolicy.Kind: CustomStringConvertible {
  public var description: String {
    switch self {
    case .none: "none"
    case .opportunistic: "opportunistic"
    case .encrypt: "encrypt"
    case .verify: "verify"
    case .enforcedByMTASTS: "mta-sts enforce"
    case .testedByMTASTS: "mta-sts testing"
    case .dane: "dane"
    }
  }
}
