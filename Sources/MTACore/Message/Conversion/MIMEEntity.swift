/// What the header of a message or body part says about its content (RFC 2045).
struct MIMEEntity: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// Content without inner structure, which may be encoded.
    case leaf
    /// Never to be changed: its bytes are signed or encrypted, its form is fixed by its type, or its header can be read in several
    /// ways.
    case sealed
    case multipart(boundary: [UInt8], isDigest: Bool)
    /// A message in a message (RFC 2046 §5.2.1).
    case message
  }

  /// Content-Transfer-Encoding (RFC 2045 §6).
  enum Encoding: Hashable, Sendable {
    case sevenBit
    case eightBit
    case binary
    /// Quoted-printable, base64, or one that we do not know.
    case encoded
  }

  let kind: Kind
  let encoding: Encoding
  /// Text whose octets below 128 are ASCII: quoted-printable fits.
  let isText: Bool
  /// Its Content-Type is missing or invalid, or a multipart without a boundary. It counts as text/plain (RFC 2045 §5.2). Other readers
  /// may decide otherwise, unless it is written anew.
  let isUntyped: Bool

  /// - Parameter isDigestPart: whether it is a part of multipart/digest, which is a message unless it says otherwise.
  init(_ header: HeaderSection, isDigestPart: Bool = false) {
    let types = header.fields(named: "Content-Type")
    let encodings = header.fields(named: "Content-Transfer-Encoding")
    let type = types.first.map { ContentType($0.unfoldedValue) } ?? (isDigestPart ? .message : .plainText)
    encoding = encodings.first.map { Self.encoding($0.unfoldedValue) } ?? .sevenBit
    let isAmbiguous =
      types.count > 1 || encodings.count > 1 || header.hasStrayLineEnds
      || !header.fields.allSatisfy(\.isPlain)
    let lacksType = type.map { $0.type == "multipart" && !Self.namesBoundary(types.first?.rawValue ?? []) } ?? true
    isUntyped = lacksType && !isAmbiguous
    guard let type, !lacksType, !isAmbiguous else {
      kind = isAmbiguous ? .sealed : .leaf
      isText = isUntyped
      return
    }
    kind = Self.kind(of: type, encoding)
    isText = type.type == "text" && !Self.isWide(type.parameter("charset") ?? [])
  }

  private static func kind(of type: ContentType, _ encoding: Encoding) -> Kind {
    switch (type.type, type.subtype) {
    // RFC 1847 §2.1: what is signed must not change on the way.
    case ("multipart", "signed"), ("multipart", "encrypted"): return .sealed
    case ("multipart", let subtype):
      // RFC 2045 §6.4: no other encodings are allowed; RFC 2046 §5.1.1: a boundary has at most 70 characters.
      guard encoding != .encoded, !type.isMalformed, let boundary = type.parameter("boundary"),
        (1...MIMEWalkLimits.boundary).contains(boundary.count), boundary.last != 32
      else { return .sealed }
      return .multipart(boundary: boundary, isDigest: subtype == "digest")
    case ("message", "rfc822"): return encoding == .encoded ? .leaf : .message
    // RFC 6532 §3.7: may have any encoding, so that its octets above 127 can be had through.
    case ("message", "global"), ("message", "global-headers"), ("message", "global-delivery-status"),
      ("message", "global-disposition-notification"):
      return .leaf
    // RFC 2046 §5.2: of 7 bits, and no encoding is allowed.
    case ("message", _): return .sealed
    case ("application", let subtype)
    where ["pkcs7-", "x-pkcs7-", "pgp-"].contains { subtype.utf8.begins($0) }: return .sealed
    default: return .leaf
    }
  }

  /// Whether the word stands anywhere: readers may see different forms of it.
  private static func namesBoundary(_ value: ArraySlice<UInt8>) -> Bool {
    let word = Array("boundary".utf8)
    return value.indices.contains { value[$0...].starts(with: word) { $0 | 0x20 == $1 } }
  }

  private static func encoding(_ value: [UInt8]) -> Encoding {
    var scanner = TokenScanner(value)
    let word = scanner.token()
    guard scanner.isAtEnd else { return .encoded }
    switch word {
    case "7bit": return .sevenBit
    case "8bit": return .eightBit
    case "binary": return .binary
    default: return .encoded
    }
  }

  /// Whether all characters of the charset have several octets, so that CR LF is not a line end.
  private static func isWide(_ charset: [UInt8]) -> Bool {
    ["utf-16", "utf16", "utf-32", "utf32", "iso-10646-ucs", "ucs-"].contains { charset.begins(caseless: $0) }
  }
}

/// The limits of a mail for a walk through its structure.
enum MIMEWalkLimits {
  /// Octets of a boundary; RFC 2046 §5.1.1 allows 70.
  static let boundary = 200
  /// The octets that a delimiter line may have, trailing blanks included.
  static let delimiterLine = 1000
  /// Octets of one header section.
  static let header = 1_048_576
  /// The depth of multiparts and messages in each other.
  static let depth = 50
  /// Messages and body parts in total.
  static let entities = 10_000
}
