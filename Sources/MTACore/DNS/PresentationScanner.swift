/// Splits the text form of resource records (RFC 1035 §5.1) into fields: quoted or bare, with `\X` and `\DDD` escapes,
/// ended by a comment (`;`).
struct PresentationScanner {
  /// One field. The text of a bare field still has its escapes: a name needs to tell `\.` from `.`.
  struct Field {
    var text: String
    var isQuoted = false

    /// Decimal digits only.
    func number<N: FixedWidthInteger>() -> N? {
      guard !isQuoted, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
      return N(text)
    }

    /// The octets, escapes undone; nil for a broken escape.
    func octets() -> [UInt8]? {
      var scanner = PresentationScanner(text)
      var octets: [UInt8] = []
      while let octet = scanner.octet() {
        switch octet {
        case .plain(let byte), .escaped(let byte): octets.append(byte)
        case .broken: return nil
        }
      }
      return octets
    }

    /// The octets as strings of a TXT record: 255 octets at most in each (RFC 1035 §3.3).
    var strings: [[UInt8]] {
      guard let octets = octets(), !octets.isEmpty else { return [[]] }
      return stride(from: 0, to: octets.count, by: 255).map { Array(octets[$0..<min($0 + 255, octets.count)]) }
    }

    func hexadecimal() -> [UInt8]? {
      let digits = Array(text.utf8)
      guard digits.count.isMultiple(of: 2), digits.allSatisfy(\.isHexDigit) else { return nil }
      return stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
      }
    }
  }

  enum Octet {
    case plain(UInt8)
    case escaped(UInt8)
    case broken
  }

  private let bytes: [UInt8]
  private var position = 0
  private var isUnfinished = false

  init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  /// What no call has taken yet.
  var rest: String { String(decoding: bytes[position...], as: UTF8.self) }

  /// The next octet, an escape counting as one; nil at the end.
  mutating func octet() -> Octet? {
    guard position < bytes.count else { return nil }
    let byte = bytes[position]
    position += 1
    guard byte == UInt8(ascii: "\\") else { return .plain(byte) }
    guard position < bytes.count else { return .broken }
    guard (48...57).contains(bytes[position]) else {
      position += 1
      return .escaped(bytes[position - 1])
    }
    guard position + 3 <= bytes.count, bytes[position..<position + 3].allSatisfy({ (48...57).contains($0) }) else {
      return .broken
    }
    let value = bytes[position..<position + 3].reduce(0) { $0 * 10 + Int($1 - 48) }
    position += 3
    return UInt8(exactly: value).map { .escaped($0) } ?? .broken
  }

  /// The next field; nil at the end, at a comment and for a quotation without end.
  mutating func field() -> Field? {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    guard position < bytes.count, bytes[position] != UInt8(ascii: ";") else { return nil }
    let isQuoted = bytes[position] == UInt8(ascii: "\"")
    if isQuoted { position += 1 }
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if isQuoted, byte == UInt8(ascii: "\"") {
        position += 1
        return Field(text: String(decoding: bytes[start..<position - 1], as: UTF8.self), isQuoted: true)
      }
      if !isQuoted, Self.isSpace(byte) || byte == UInt8(ascii: ";") { break }
      position = min(position + (byte == UInt8(ascii: "\\") ? 2 : 1), bytes.count)
    }
    isUnfinished = isQuoted
    return isQuoted ? nil : Field(text: String(decoding: bytes[start..<position], as: UTF8.self))
  }

  /// All fields that are left; nil when a quotation has no end or an escape is broken.
  consuming func fields() -> [Field]? {
    var fields: [Field] = []
    while let field = field() {
      guard field.octets() != nil else { return nil }
      fields.append(field)
    }
    return isUnfinished ? nil : fields
  }

  static func quoted(_ octets: [UInt8]) -> String {
    var text = "\""
    for octet in octets {
      switch octet {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        text += "\\"
        text.unicodeScalars.append(Unicode.Scalar(octet))
      case 32...126: text.unicodeScalars.append(Unicode.Scalar(octet))
      default:
        let digits = String(octet)
        text += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
      }
    }
    return text + "\""
  }

  static func hexadecimal(_ octets: [UInt8]) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }
}
