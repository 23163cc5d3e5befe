import MTATLS
import NIOCore

/// The TLS settings of the runner's connections: one accepts any certificate, one verifies.
struct TLSContexts: Sendable {
  /// Accepts any certificate.
  let any: TLSContext
  /// Verifies, by the trust roots or by DANE.
  let verified: TLSContext

  init(trustRoots: TLSContext.TrustRoots) throws(TLSFailure) {
    any = try .client(verification: .none, trustRoots: trustRoots)
    verified = try .client(verification: .full, trustRoots: trustRoots)
  }
}

/// The TLS of one connection: a policy, and a host.
struct LinkTLS: Sendable {
  let context: TLSContext
  /// The name in SNI, which the certificate must have.
  let peerName: String
  let dane: DANEReference?

  /// Nil if the policy wants no TLS.
  init?(_ policy: TLSPolicy, peerName: String, _ contexts: TLSContexts) {
    self.peerName = peerName
    switch policy.kind {
    case .none: return nil
    case .opportunistic, .testedByMTASTS, .encrypt:
      context = contexts.any
      dane = nil
    case .verify, .enforcedByMTASTS:
      context = contexts.verified
      dane = nil
    case .dane(let reference):
      context = contexts.verified
      dane = reference
    }
  }

  func handler(timeout: Duration) throws(TLSFailure) -> TLSHandler {
    try TLSHandler(context, peerName: peerName, dane: dane, handshakeTimeout: TimeAmount(timeout))
  }
}
