public import MTACore
public import NIOCore

/// Signs leaving mail (R15), by the first domain of `Envelope.signers` that has a key. If the envelope names none, the domain of the
/// From field signs.
///
/// ```swift
/// let key = try DKIMPrivateKey(pem: bytesOfKeyFile)
/// let signer = DKIMMailSigner([DKIMSigner(domain: domain, selector: selector, key: key)])
/// ```
///
/// Each signer of a domain makes its own signature: RSA and Ed25519 side by side.
public struct DKIMMailSigner: MailSigner {
  private let signers: [DNSName: [DKIMSigner]]

  /// Whether a domain's signers also sign for subdomains without signers of their own. The signature then names the author's domain in
  /// `i=`. Default false.
  public var coversSubdomains: Bool

  /// Whether the trace fields of this system are signed as well. Default false: RFC 6376 §5.4.1 advises against it, because other
  /// systems add more of them.
  public var signsTraceFields: Bool

  public init(_ signers: [DKIMSigner], coversSubdomains: Bool = false, signsTraceFields: Bool = false) {
    self.signers = Dictionary(grouping: signers, by: \.domain)
    self.coversSubdomains = coversSubdomains
    self.signsTraceFields = signsTraceFields
  }

  /// The signature fields to put before the mail; nil if there is no key for the domains that may sign it. The content is read once.
  /// Hashing and signing do not run on the caller's executor.
  /// - Throws: ``DKIMSigning/Failure``, and errors of reading the content.
  @concurrent
  public func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer?
  {
    var header = HeaderCollector(limit: 1 << 20)
    var signing: DKIMSigning?
    do {
      try await content.forEachPiece { piece in
        try Task.checkCancellation()
        if signing != nil {
          signing?.receive(piece)
          return
        }
        switch header.receive(piece) {
        case .more: return
        case .tooLarge: throw Unserved()
        case .complete(let section, let bodyOffset):
          signing = try begin(section, content.trace, envelope)
          signing?.receive(ByteBuffer(bytes: header.leadingBody))
          signing?.receive(piece.dropping(bodyOffset))
        }
      }
      if signing == nil, let section = header.finish() {
        signing = try begin(section, content.trace, envelope)
        signing?.receive(ByteBuffer(bytes: header.leadingBody))
      }
    } catch is Unserved {
      return nil
    }
    guard let fields = try signing?.fields(at: now) else { return nil }
    return ByteBuffer(bytes: fields)
  }

  /// No key serves this mail: reading it can stop.
  private struct Unserved: Error {}

  /// The signing of a mail of which the header section is known and the body is yet to come.
  ///
  /// What is signed is the header as it leaves, trace fields in front: a Date that reception has added is no less one of the mail's
  /// own than one that came with it, and a signature that vouches for there being none would not hold.
  private func begin(
    _ own: HeaderSection, _ trace: ByteBuffer, _ envelope: Envelope
  ) throws(Unserved) -> DKIMSigning {
    let traceBytes = Array(trace.readableBytesView)
    let section = HeaderSection(traceBytes + own.fields.flatMap(\.raw))
    let candidates = envelope.signers ?? section.authorDomain.map { [$0] } ?? []
    let served = candidates.lazy.compactMap(\.dnsName).compactMap { name in
      self.signers(for: name).map { (name, $0.0, $0.1) }
    }.first
    guard let (name, domain, signers) = served else { throw Unserved() }
    var signing = DKIMSigning(signers, header: section)
    signing.allowsAnyFrom = envelope.signers != nil
    if domain != name { signing.identity = "@\(name)" }
    if signsTraceFields {
      signing.extraFields = HeaderSection(traceBytes).fields.map(\.name).filter { !$0.isEmpty }
    }
    return signing
  }

  /// Those of the domain itself, or else of the closest one above it.
  private func signers(for author: DNSName) -> (DNSName, [DKIMSigner])? {
    if let own = signers[author] { return (author, own) }
    guard coversSubdomains else { return nil }
    var name = Array(author.description.utf8)[...]
    while let dot = name.firstIndex(of: UInt8(ascii: ".")) {
      name = name[(dot + 1)...]
      if let domain = DNSName(bytes: name), let parents = signers[domain] { return (domain, parents) }
    }
    return nil
  }
}

extension ByteBuffer {
  /// What stands behind the first `count` bytes.
  fileprivate func dropping(_ count: Int) -> ByteBuffer {
    var rest = self
    rest.moveReaderIndex(forwardBy: count)
    return rest
  }
}
