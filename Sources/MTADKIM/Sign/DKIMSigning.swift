public import MTACore
public import NIOCore

/// Signs one mail, in one pass over its content.
///
/// ```swift
/// var signing = DKIMSigning([signer])
/// for piece in pieces { signing.receive(piece) }
/// let fields = try await signing.finish(at: now)  // to stand before the content
/// ```
///
/// The content is that of the mail, with CR LF line ends, without dot-stuffing. Each signer makes its own signature (RFC 8463 §3: RSA
/// and Ed25519 side by side). The body is hashed once for each canonical form.
public struct DKIMSigning: Sendable {
  /// Why a mail was not signed.
  public enum Failure: Error, Hashable, Sendable {
    /// More than 1 MiB without an empty line.
    case headerTooLarge
    /// The mail has no From field, or several: verifiers would not accept the signature.
    case noSingleFrom
    case key(DKIMPrivateKey.Failure)
  }

  private let signers: [DKIMSigner]
  private var collector = HeaderCollector(limit: 1 << 20)
  private var bodies: BodyHashes
  private var isTooLarge = false

  /// The header section, once it arrived.
  public private(set) var header: HeaderSection?

  /// `i=` of all signatures; it must be within the domain. Nil leaves it out, which means `@` and the domain.
  public var identity: String?
  /// Signs a mail without a From field, or with several, all of which the signature then covers. Most verifiers pass such mail by.
  var allowsAnyFrom = false
  /// Names of fields to sign in addition to those of the signers' options.
  public var extraFields: [String] = []

  public init(_ signers: [DKIMSigner]) { self.init(signers, header: nil) }

  /// - Parameter header: the header section, when the caller has it already; what is received is then the body alone.
  init(_ signers: [DKIMSigner], header: HeaderSection?) {
    self.signers = signers
    self.header = header
    bodies = BodyHashes(
      Dictionary(signers.map { ($0.options.bodyCanonicalization, []) }, uniquingKeysWith: { first, _ in first }))
  }

  /// Takes the next piece of content; pieces may begin and end anywhere.
  public mutating func receive(_ piece: ByteBuffer) {
    guard !isTooLarge else { return }
    var bodyOffset = 0
    if header == nil {
      switch collector.receive(piece) {
      case .more: return
      case .tooLarge:
        isTooLarge = true
        return
      case .complete(let section, let offset):
        header = section
        bodyOffset = offset
      }
    }
    let body = piece.readableBytesUInt8Span.extracting(bodyOffset..<piece.readableBytes)
    bodies.update(body)
  }

  /// Call it when the content is complete. Returns one `DKIM-Signature` field for each signer, whole lines with CR LF.
  ///
  /// Takes about a millisecond of processor time for RSA-2048, so it does not run on the caller's executor.
  @concurrent
  public func finish(at now: Timestamp) async throws(Failure) -> [UInt8] { try fields(at: now) }

  /// ``finish(at:)`` on the caller's thread.
  func fields(at now: Timestamp) throws(Failure) -> [UInt8] {
    var collector = collector
    // Content without a header section has no From, and is not signed: its body does not matter.
    guard !isTooLarge, let section = header ?? collector.finish() else { throw .headerTooLarge }
    guard allowsAnyFrom || section.count(of: "From") == 1 else { throw .noSingleFrom }
    var bodies = bodies
    bodies.finish()
    let hash = HeaderHash(section)
    var fields: [UInt8] = []
    for signer in signers {
      guard let digest = bodies[signer.options.bodyCanonicalization]?.digest(length: nil) else { continue }
      let (signature, names) = signer.unsigned(
        hash, bodyHash: digest, identity: identity, extraFields: extraFields, at: now)
      var field = signature.renderUnsigned()
      let headerDigest = hash.digest(
        names: names, canonicalization: signature.headerCanonicalization, signatureField: field.bytes + [13, 10])
      do throws(DKIMPrivateKey.Failure) {
        field.appendBroken(Base64.encode(try signer.key.signature(ofDigest: headerDigest)))
      } catch { throw .key(error) }
      fields += field.bytes + [13, 10]
    }
    return fields
  }
}
