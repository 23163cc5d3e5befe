public import MTACore
import MTACrypto

/// A public key as a domain publishes it in a TXT record at `selector._domainkey.domain` (RFC 6376 §3.6.1).
public struct DKIMKeyRecord: Hashable, Sendable {
  /// `k=`: `rsa`, `ed25519`, or something newer.
  package var keyType: HostileText
  /// `h=`: hash algorithms that the key may be used with; nil for all.
  package var hashes: [HostileText]?
  /// `s=`: services that the key may be used for, `*` for all.
  package var services: [HostileText]
  /// `t=` has `y`: the domain is only testing DKIM.
  public var isTesting: Bool
  /// `t=` has `s`: `i=` must name the domain itself, not one below it.
  public var isStrict: Bool
  /// `p=`: the key; empty if it was revoked.
  public var publicKey: [UInt8]

  public var isRevoked: Bool { publicKey.isEmpty }

  /// Reads a record, with its strings joined. Nil if it is not a key record: another version, or not a tag list with a `p=`.
  public init?(_ text: [UInt8]) {
    guard let tags = TagList(text[...]) else { return nil }
    // RFC 6376 §3.6.1: v= comes first if at all, and other versions are not for us.
    if let version = tags.word("v"), !version.bytes.spells("DKIM1") || tags.firstName?.bytes.spells("v") != true {
      return nil
    }
    guard let key = tags.word("p"), let bytes = Base64.decodeFolded(key.bytes) else { return nil }
    publicKey = bytes
    keyType = tags.word("k") ?? "rsa"
    hashes = tags.list("h")
    services = tags.list("s") ?? ["*"]
    let flags = tags.list("t")
    // With too many flags to read, nobody knows what the key is for.
    guard flags?.isEmpty != true else { return nil }
    isTesting = flags?.contains { $0.bytes.spells("y") } ?? false
    isStrict = flags?.contains { $0.bytes.spells("s") } ?? false
  }

  /// Why a key does not serve a signature (RFC 6376 §6.1.2).
  enum Unfit: Error, Hashable {
    case revoked, keyType, hash, service, identity, malformedKey
    case tooShort(bits: Int)
    case tooLong(bits: Int)
  }

  /// Whether the key is of the kind that signatures of this algorithm need.
  func isOf(_ algorithm: DKIMAlgorithm) -> Bool { keyType.bytes.spells(algorithm.keyType) }

  /// The key itself, if it may be used for this signature.
  func key(for signature: DKIMSignature, rsaBits: ClosedRange<Int>) throws(Unfit) -> PublicKey {
    guard isOf(signature.algorithm) else { throw .keyType }
    if let hashes, !hashes.contains(where: { $0.bytes.spells("sha256") }) { throw .hash }
    guard services.contains(where: { $0.bytes.spells("*") || $0.bytes.spells("email") }) else { throw .service }
    guard !isRevoked else { throw .revoked }
    // RFC 6376 §3.6.1, t=s.
    guard !isStrict || signature.identityDomain == signature.domain else { throw .identity }
    do {
      switch signature.algorithm {
      case .ed25519SHA256: return try PublicKey(ed25519: publicKey)
      case .rsaSHA256:
        let key = try PublicKey(rsaDER: publicKey)
        guard case .rsa(let bits) = key.algorithm else { throw KeyFailure.unsupported }
        // RFC 8301 §3.2
        if bits < rsaBits.lowerBound { throw Unfit.tooShort(bits: bits) }
        if bits > rsaBits.upperBound { throw Unfit.tooLong(bits: bits) }
        return key
      }
    } catch let unfit as Unfit {
      throw unfit
    } catch {
      throw .malformedKey
    }
  }
}

extension DKIMKeyRecord.Unfit: CustomStringConvertible {
  /// In the words of RFC 6376 §6.1.2 where it has some.
  var description: String {
    switch self {
    case .revoked: "key revoked"
    case .keyType: "inappropriate key algorithm"
    case .hash: "inappropriate hash algorithm"
    case .service: "key is not for email"
    case .identity: "key does not allow subdomains in i="
    case .malformedKey: "key syntax error"
    case .tooShort(let bits): "RSA key of \(bits) bits is too short"
    case .tooLong(let bits): "RSA key of \(bits) bits is too long"
    }
  }
}

extension DNSLookup {
  /// The key records of a domain under a selector. ``DNSResult/none`` if there is no TXT record, or none of them is a key record.
  public func dkimKeys(selector: DNSName, domain: DNSName) async -> DNSResult<[DKIMKeyRecord]> {
    switch await dkimKey(selector: selector, domain: domain) {
    case .found(let texts):
      let records = texts.compactMap { DKIMKeyRecord($0) }
      return records.isEmpty ? .none : .found(records)
    case .none: return .none
    case .failure(let reason): return .failure(reason)
    }
  }
}
