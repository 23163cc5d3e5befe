public import MTACore
public import NIOCore

/// DKIM verification for the receiver. It reads a mail's content as it arrives, and reports one result for each signature, or
/// `dkim=none`.
public struct DKIMInspector: ContentInspector {
  private var verifier: DKIMVerifier
  private let lookup: any DNSLookup

  /// The full results, once ``finish(at:)`` has returned.
  public private(set) var verifications: [DKIMVerification] = []

  /// - Parameters:
  ///   - lookup: looks up the keys.
  ///   - policy: which signatures are accepted; see ``DKIMVerifier/Policy``.
  public init(lookup: any DNSLookup, policy: DKIMVerifier.Policy = DKIMVerifier.Policy()) {
    self.lookup = lookup
    verifier = DKIMVerifier(policy: policy)
  }

  public mutating func receive(_ piece: ByteBuffer) { verifier.receive(piece) }

  public mutating func finish(at now: Timestamp) async -> [AuthenticationResult] {
    verifications = await verifier.finish(at: now, lookup: lookup)
    guard !verifications.isEmpty else {
      // RFC 8601 §2.7.1: the mail was not signed.
      return [AuthenticationResult(method: "dkim", result: "none")]
    }
    return verifications.map(\.authenticationResult)
  }
}
