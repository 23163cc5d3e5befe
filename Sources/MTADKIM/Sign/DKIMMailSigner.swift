public import MTACore
public import NIOCore

/// Signs mail as it leaves, by the domain of its From field (R15).
///
/// ```swift
/// let key = try DKIMPrivateKey(pem: bytesOfKeyFile)
/// let signer = DKIMMailSigner([DKIMSigner(domain: domain, selector: selector, key: key)])
/// ```
///
/// Several signers for one domain sign each mail each by itself: RSA and Ed25519 side by side.
public struct DKIMMailSigner: MailSigner {
  private let signers: [DNSName: [DKIMSigner]]

  /// Whether a domain's signers also sign for the domains below it that have none of their own; the signature then names
  /// the author's domain in `i=`. False unless told.
  public var coversSubdomains: Bool

  /// Whether the trace fields that this system adds are signed as well. False unless told: RFC 6376 §5.4.1 advises
  /// against it, for other systems add more of them.
  public var signsTraceFields: Bool

  public init(_ signers: [DKIMSigner], coversSubdomains: Bool = false, signsTraceFields: Bool = false) {
    self.signers = Dictionary(grouping: signers, by: \.domain)
    self.coversSubdomains = coversSubdomains
    self.signsTraceFields = signsTraceFields
  }

  /// The signature fields to put before the mail; nil when no key serves the domain of its From field, or when it has no
  /// single one. The content is read once. Hashing and signing do not run on the caller's executor.
  /// - Throws: ``DKIMSigning/Failure``, and what reading the content throws.
  @concurrent
  public func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer?
  {
    var header = HeaderCollector(limit: 1 << 20)
    var pending: [ByteBuffer] = []
    var signing: DKIMSigning?
    do {
      try await content.forEachPiece { piece in
        if signing != nil {
          signing?.receive(piece)
          return
        }
        pending.append(piece)
        switch header.receive(piece) {
        case .more: return
        case .tooLarge: throw Unserved()
        case .complete(let section, _): signing = try begin(section, content, with: pending)
        }
      }
      if signing == nil, let section = header.finish() { signing = try begin(section, content, with: pending) }
    } catch is Unserved {
      return nil
    }
    guard let fields = try signing?.fields(at: now) else { return nil }
    return ByteBuffer(bytes: fields)
  }

  /// No key serves this mail: reading it can stop.
  private struct Unserved: Error {}

  /// The signing of a mail whose header section is known, with the pieces read so far.
  private func begin(
    _ section: HeaderSection, _ content: StoredContent, with pieces: [ByteBuffer]
  ) throws(Unserved) -> DKIMSigning {
    guard let author = section.authorDomain?.dnsName, let (domain, signers) = signers(for: author) else {
      throw Unserved()
    }
    var signing = DKIMSigning(signers)
    if domain != author { signing.identity = "@\(author)" }
    if signsTraceFields {
      signing.extraFields = HeaderSection(Array(content.trace.readableBytesView)).fields.map(\.name).filter {
        !$0.isEmpty
      }
      signing.receive(content.trace)
    }
    for piece in pieces { signing.receive(piece) }
    return signing
  }

  /// Those of the domain itself, or else of the closest one above it.
  private func signers(for author: DNSName) -> (DNSName, [DKIMSigner])? {
    if let own = signers[author] { return (author, own) }
    guard coversSubdomains else { return nil }
    var name = author.description[...]
    while let dot = name.firstIndex(of: ".") {
      name = name[name.index(after: dot)...]
      if let domain = DNSName(name), let parents = signers[domain] { return (domain, parents) }
    }
    return nil
  }
}
