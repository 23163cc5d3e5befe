import MTACore
import MTATLS

extension TLSPolicy {
  /// What would have stopped a mail if the policy were enforced (RFC 8461 §5). Nil if nothing, and for policies that are not in
  /// testing.
  ///
  /// - Parameters:
  ///   - facts: the result of the handshake of an open connection; nil for one in clear.
  ///   - trouble: why there is no connection. Only trouble with TLS counts.
  func problemUnderTest(_ facts: TLSFacts?, _ trouble: DeliveryTrouble?) -> String? {
    guard case .testedByMTASTS(let fits) = kind else { return nil }
    if let trouble {
      guard case .tls(let reason) = trouble else { return nil }
      return reason
    }
    return switch facts?.verification {
    case .verified?: fits ? nil : "the policy does not name the host"
    case .failed(let reason)?: reason
    case .noCertificate?, .chainOnly?, .dane?: "the certificate is not verified"
    case nil: "there is no TLS"
    }
  }
}
