public import MTACore
public import NIOCore

/// Verifies the DKIM signatures of a mail while it arrives, in one pass (RFC 6376 §6).
///
/// ```swift
/// var verifier = DKIMVerifier()
/// for piece in pieces { verifier.receive(piece) }
/// for verification in await verifier.finish(at: now, lookup: resolver) { … }
/// ```
///
/// The content is that of the mail, with CR LF line ends, without dot-stuffing. The body is hashed once for each canonical form, for
/// any number of signatures.
public struct DKIMVerifier: Sendable {
  /// Which signatures are accepted.
  public struct Policy: Hashable, Sendable {
    /// How many signatures are tried, from the top; the rest is ignored. Default 5.
    public var maximumSignatures = 5
    /// The sizes of RSA keys that are accepted. Default 1024 to 8192 (RFC 8301 §3.2).
    public var rsaBits = 1024...8192
    /// The most bytes of header section that are read. Default 256 KiB.
    public var headerBytes = 262_144

    public init() {}
  }

  private enum State: Sendable {
    case header(HeaderCollector)
    case body(SignedMail)
    case unreadable
  }

  private let policy: Policy
  private var state: State

  public init(policy: Policy = Policy()) {
    self.policy = policy
    state = .header(HeaderCollector(limit: policy.headerBytes))
  }

  /// Takes the next piece of content; pieces may begin and end anywhere.
  public mutating func receive(_ piece: ByteBuffer) {
    switch state {
    case .unreadable: return
    case .body(var mail):
      // Two owners at once would make every piece copy the digests.
      state = .unreadable
      mail.receive(piece.readableBytesUInt8Span)
      state = .body(mail)
    case .header(var collector):
      state = .unreadable
      switch collector.receive(piece) {
      case .more: state = .header(collector)
      case .tooLarge: return
      case .complete(let section, let offset):
        var mail = SignedMail(section, policy: policy)
        mail.receive(piece.readableBytesUInt8Span.extracting(offset..<piece.readableBytes))
        state = .body(mail)
      }
    }
  }

  /// Call it when the content is complete: asks for the keys and judges. Returns one value for each signature that was tried, from the
  /// top; none for a mail without signatures. All keys are asked for at once, so it takes as long as the slowest look-up.
  public mutating func finish(at now: Timestamp, lookup: any DNSLookup) async -> [DKIMVerification] {
    switch state {
    case .unreadable: return [DKIMVerification(.permerror, reason: "header section too large")]
    case .header(var collector):
      guard let section = collector.finish() else {
        return [DKIMVerification(.permerror, reason: "header section too large")]
      }
      let mail = SignedMail(section, policy: policy)
      state = .body(mail)
      return await mail.verify(at: now, lookup: lookup)
    case .body(let mail): return await mail.verify(at: now, lookup: lookup)
    }
  }
}
