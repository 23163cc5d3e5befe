/// The value of a Content-Type field (RFC 2045 §5.1), as far as the walk through a mail needs it.
struct ContentType: Hashable, Sendable {
  /// Lower case.
  let type: String
  let subtype: String
  private let parameters: [(name: [UInt8], value: [UInt8])]
  /// The parameters break the grammar: other readers may see other ones.
  let isMalformed: Bool

  /// The type of an entity that names none (RFC 2045 §5.2), and of parts within multipart/digest (RFC 2046 §5.1.5).
  static let plainText = ContentType("text", "plain")
  static let message = ContentType("message", "rfc822")

  private init(_ type: String, _ subtype: String) {
    self.type = type
    self.subtype = subtype
    parameters = []
    isMalformed = false
  }

  /// Nil if there is not even a type.
  init?(_ value: [UInt8]) {
    var scanner = TokenScanner(value)
    guard let type = scanner.token(), scanner.take(UInt8(ascii: "/")), let subtype = scanner.token() else { return nil }
    self.type = type
    self.subtype = subtype
    var parameters: [(name: [UInt8], value: [UInt8])] = []
    var isMalformed = false
    while !scanner.isAtEnd {
      guard scanner.take(UInt8(ascii: ";")) else {
        isMalformed = true
        break
      }
      // A semicolon at the end is seen often, and misleads nobody.
      if scanner.isAtEnd { break }
      guard let name = scanner.rawToken(), scanner.take(UInt8(ascii: "=")), let value = scanner.value() else {
        isMalformed = true
        break
      }
      parameters.append((name, value))
    }
    self.parameters = parameters
    self.isMalformed = isMalformed
  }

  /// The parameter of this name. Nil if it is missing, comes twice, or uses the pieces and charsets of RFC 2231.
  func parameter(_ name: StaticString) -> [UInt8]? {
    var value: [UInt8]?
    for parameter in parameters where parameter.name.begins(caseless: name) {
      let rest = parameter.name.dropFirst(name.utf8CodeUnitCount)
      guard rest.isEmpty || rest.first == UInt8(ascii: "*") else { continue }
      guard rest.isEmpty, value == nil else { return nil }
      value = parameter.value
    }
    return value
  }

  static func == (a: Self, b: Self) -> Bool {
    a.type == b.type && a.subtype == b.subtype && a.isMalformed == b.isMalformed
      && a.parameters.elementsEqual(b.parameters) { $0.name == $1.name && $0.value == $1.value }
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    hasher.combine(subtype)
  }
}

/// Reads the tokens of a structured MIME field (RFC 2045 §5.1); comments and blanks between them are skipped.
struct TokenScanner {
  private let text: [UInt8]
  private var place = 0

  init(_ value: [UInt8]) {
    text = value
    skipBlanks()
  }

  var isAtEnd: Bool { place >= text.count }

  private var next: UInt8? { isAtEnd ? nil : text[place] }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    skipBlanks()
    return true
  }

  /// In lower case. It is printable ASCII, so String's equality is that of its octets.
  mutating func token() -> String? {
    guard let token = rawToken() else { return nil }
    return String(decoding: token.map { (65...90).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// A token, or the content of a quoted string.
  mutating func value() -> [UInt8]? {
    guard next == UInt8(ascii: "\"") else { return rawToken() }
    place += 1
    var value: [UInt8] = []
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        skipBlanks()
        return value
      case UInt8(ascii: "\\"):
        guard let next else { return nil }
        place += 1
        value.append(next)
      default: value.append(byte)
      }
    }
    return nil
  }

  /// The token as it stands; printable ASCII.
  mutating func rawToken() -> [UInt8]? {
    let start = place
    while let next, Self.isTokenText(next) { place += 1 }
    guard start < place else { return nil }
    let token = Array(text[start..<place])
    skipBlanks()
    return token
  }

  private mutating func skipBlanks() {
    var depth = 0
    while let byte = next {
      switch byte {
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")") where depth > 0: depth -= 1
      case UInt8(ascii: "\\") where depth > 0: place += 1
      case 32, 9: break
      default: if depth == 0 { return }
      }
      place += 1
    }
  }

  /// What tokens are made of.
  static func isTokenText(_ byte: UInt8) -> Bool { (33...126).contains(byte) && !specials.contains(byte) }

  private static let specials = Set("()<>@,;:\\\"/[]?=".utf8)
}
