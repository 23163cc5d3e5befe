public import MTACore

/// The content of a DKIM-Signature field (RFC 6376 §3.5), checked as far as the field alone allows.
public struct DKIMSignature: Hashable, Sendable {
  /// `d=`: the domain that takes responsibility.
  public var domain: DNSName
  /// `s=`: the key is at `selector._domainkey.domain`.
  public var selector: DNSName
  /// `a=`
  public var algorithm: DKIMAlgorithm
  /// `c=`
  public var headerCanonicalization: DKIMCanonicalization
  public var bodyCanonicalization: DKIMCanonicalization
  /// `h=`: names of the signed fields, as spelled.
  public var signedFields: [String]
  /// `i=`, without blanks, at most 512 octets. Nil if the field has none, which means `@` and the domain.
  public var identity: String?
  /// `l=`: how many bytes of the canonical body are signed; nil for all.
  public var bodyLength: Int?
  /// `t=`
  public var signedAt: Timestamp?
  /// `x=`
  public var expiresAt: Timestamp?
  /// `bh=`
  public var bodyHash: [UInt8]
  /// `b=`
  public var signature: [UInt8]

  /// The domain behind the `@` of `i=`.
  var identityDomain: DNSName { identity.flatMap { Self.domain(ofIdentity: Array($0.utf8)[...]) } ?? domain }

  /// What stands behind the last `@`.
  static func domain(ofIdentity identity: ArraySlice<UInt8>) -> DNSName? {
    guard let at = identity.lastIndex(of: UInt8(ascii: "@")) else { return nil }
    return DNSName(bytes: identity[(at + 1)...])
  }

  /// What is wrong with a DKIM-Signature field. Each fault makes the signature fail for good (RFC 6376 §6.1.1).
  public enum Fault: Error, Hashable, Sendable {
    /// Not a tag list.
    case syntax
    case missingTag(String)
    case malformedTag(String)
    case version
    case unsupportedAlgorithm
    /// `rsa-sha1` (RFC 8301 §3.1).
    case historicAlgorithm
    case unsupportedQuery
    /// From is not among the signed fields.
    case fromNotSigned
    /// `i=` is not within `d=`.
    case domainMismatch
    /// It expires before it was made.
    case expiresBeforeSigned
  }

  /// Reads the value of a field, folding included. Unknown tags are ignored.
  public init(value: [UInt8]) throws(Fault) {
    guard let tags = TagList(value[...]) else { throw .syntax }
    try self.init(tags)
  }

  init(_ tags: TagList) throws(Fault) {
    func required(_ name: StaticString) throws(Fault) -> ArraySlice<UInt8> {
      guard let word = tags.word(name) else { throw .missingTag("\(name)") }
      return word.bytes
    }
    guard try required("v").spells("1") else { throw .version }
    let algorithmName = try required("a")
    guard !algorithmName.spells(caseless: "rsa-sha1") else { throw .historicAlgorithm }
    guard let algorithm = DKIMAlgorithm.allCases.first(where: { algorithmName.spells(caseless: $0.word) }) else {
      throw .unsupportedAlgorithm
    }
    self.algorithm = algorithm
    signature = try Self.bytes("b", try required("b"))
    bodyHash = try Self.bytes("bh", try required("bh"))
    (headerCanonicalization, bodyCanonicalization) = try Self.canonicalizations(tags.word("c") ?? "simple")
    // RFC 8616 §5 wants A-labels here.
    guard let domain = DNSName(bytes: try required("d")) else { throw .malformedTag("d") }
    self.domain = domain
    guard let selector = DNSName(bytes: try required("s")) else { throw .malformedTag("s") }
    self.selector = selector
    guard let names = tags.list("h") else { throw .missingTag("h") }
    // Each name costs a look-up: too many count as none.
    guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0.bytes.allSatisfy { (33...126).contains($0) } }) else {
      throw .malformedTag("h")
    }
    // RFC 6376 §6.1.1: From must be signed.
    guard names.contains(where: { $0.bytes.spells(caseless: "from") }) else { throw .fromNotSigned }
    signedFields = names.map { String(decoding: $0.bytes, as: UTF8.self) }
    if let methods = tags.list("q"), !methods.contains(where: { $0.bytes.spells("dns/txt") }) {
      throw .unsupportedQuery
    }
    bodyLength = try Self.number(tags, "l", digits: 76).map { Int($0) }
    signedAt = try Self.number(tags, "t", digits: 12).map { Timestamp(milliseconds: $0 * 1000) }
    expiresAt = try Self.number(tags, "x", digits: 12).map { Timestamp(milliseconds: $0 * 1000) }
    if let signedAt, let expiresAt, expiresAt < signedAt { throw .expiresBeforeSigned }
    if let identity = tags.word("i") {
      // RFC 5321 §4.5.3.1: 64 octets before the `@` and 255 behind it, of which quoted-printable makes up to three each.
      guard identity.bytes.count <= 512, let identityDomain = Self.domain(ofIdentity: identity.bytes) else {
        throw .malformedTag("i")
      }
      // RFC 6376 §6.1.1: i= is the same as d= or below it.
      guard identityDomain.isWithin(domain) else { throw .domainMismatch }
      self.identity = String(decoding: identity.bytes, as: UTF8.self)
    }
  }

  private static func number(_ tags: TagList, _ name: StaticString, digits: Int) throws(Fault) -> Int64? {
    switch tags.number(name, digits: digits) {
    case .none: return nil
    case .some(nil): throw .malformedTag("\(name)")
    case .some(let number?): return number
    }
  }

  private static func bytes(_ name: String, _ text: ArraySlice<UInt8>) throws(Fault) -> [UInt8] {
    guard let bytes = Base64.decodeFolded(text), !bytes.isEmpty else { throw .malformedTag(name) }
    return bytes
  }

  /// RFC 6376 §3.5: without a slash, the body's is simple.
  private static func canonicalizations(_ text: HostileText) throws(Fault) -> (
    DKIMCanonicalization, DKIMCanonicalization
  ) {
    func form(_ word: ArraySlice<UInt8>) -> DKIMCanonicalization? {
      DKIMCanonicalization.allCases.first { word.spells(caseless: $0.word) }
    }
    let slash = text.bytes.firstIndex(of: UInt8(ascii: "/"))
    guard let header = form(text.bytes[..<(slash ?? text.bytes.endIndex)]),
      let body = slash.map({ form(text.bytes[($0 + 1)...]) }) ?? .simple
    else { throw .malformedTag("c") }
    return (header, body)
  }
}

extension DKIMSignature.Fault: CustomStringConvertible {
  /// In the words of RFC 6376 §6.1.1, if that has any.
  public var description: String {
    switch self {
    case .syntax: "signature syntax error"
    case .missingTag(let name): "signature missing required tag \(name)="
    case .malformedTag(let name): "signature syntax error in \(name)="
    case .version: "incompatible signature version"
    case .unsupportedAlgorithm: "unsupported signature algorithm"
    case .historicAlgorithm: "historic signature algorithm rsa-sha1"
    case .unsupportedQuery: "unsupported key query method"
    case .fromNotSigned: "From field not signed"
    case .domainMismatch: "domain mismatch"
    case .expiresBeforeSigned: "signature expires before it was made"
    }
  }
}

extension DNSName {
  /// Whether this is `zone` or a name below it.
  func isWithin(_ zone: DNSName) -> Bool {
    let (own, above) = (description.utf8, zone.description.utf8)
    return self == zone
      || own.count > above.count && own.suffix(above.count + 1).elementsEqual([UInt8(ascii: ".")] + above)
  }
}
