extension HeaderSection {
  /// The mailboxes of the From field (RFC 5322 §3.6.2), in order.
  ///
  /// Nil unless there is exactly one From field, with a list of mailboxes. So it is nil without From, with two of them, with a group,
  /// and with text that readers might read as different addresses.
  public var authors: [Mailbox]? {
    let fields = fields(named: "From")
    guard fields.count == 1, let field = fields.first else { return nil }
    return AddressListParser.mailboxes(in: field.unfoldedValue)
  }

  /// The one domain of all mailboxes in the From field; nil if ``authors`` is nil, or if they have several. This domain's signature the
  /// mail may carry.
  public var authorDomain: Domain? {
    guard let authors, let first = authors.first, authors.allSatisfy({ $0.domain == first.domain }) else { return nil }
    return first.domain
  }
}

/// Reads address lists of header fields. It understands display names, quoted strings, comments and literals. It refuses groups and
/// source routes.
struct AddressListParser {
  /// A token's place, not its text: a field may have a hundred thousand of them.
  private enum Token: Equatable {
    case atom(Place)
    /// The place between the quotes, backslashes included.
    case quoted(Place)
    /// The place between the brackets.
    case literal(Place)
    case special(UInt8)
  }

  /// Half as large as a `Range<Int>`.
  private struct Place: Equatable {
    private let start: UInt32
    private let end: UInt32

    init(_ start: Int, _ end: Int) {
      self.start = UInt32(start)
      self.end = UInt32(end)
    }

    var range: Range<Int> { Int(start)..<Int(end) }
  }

  private let value: [UInt8]

  /// The mailboxes of an unfolded value; nil if it is not a list of one or more mailboxes.
  ///
  /// - Parameter plainNames: refuses a display name with an unquoted `@`: some readers take that for the address.
  static func mailboxes(in value: [UInt8], plainNames: Bool = false) -> [Mailbox]? {
    // Header sections are far shorter.
    guard value.count < UInt32.max, let tokens = tokens(of: value) else { return nil }
    let parser = Self(value: value)
    var mailboxes: [Mailbox] = []
    // RFC 5322 §4.4: empty elements of a list are obsolete, and to be understood.
    for element in tokens.split(separator: .special(UInt8(ascii: ","))) {
      guard let mailbox = parser.mailbox(element, plainNames: plainNames) else { return nil }
      mailboxes.append(mailbox)
    }
    return mailboxes.isEmpty ? nil : mailboxes
  }

  private func mailbox(_ tokens: ArraySlice<Token>, plainNames: Bool) -> Mailbox? {
    guard let open = tokens.firstIndex(of: .special(UInt8(ascii: "<"))) else { return addressSpecification(tokens) }
    guard tokens.last == .special(UInt8(ascii: ">")) else { return nil }
    // A display name that holds an unquoted address is not correct, but common.
    let nameIsPlain = tokens[..<open].allSatisfy { token in
      switch token {
      case .atom, .quoted, .special(UInt8(ascii: ".")): true
      case .special(UInt8(ascii: "@")): !plainNames
      case .literal, .special: false
      }
    }
    return nameIsPlain ? addressSpecification(tokens[(open + 1)...].dropLast()) : nil
  }

  /// `local-part "@" domain` (RFC 5322 §3.4.1), with blanks and comments around the dots already removed.
  private func addressSpecification(_ tokens: ArraySlice<Token>) -> Mailbox? {
    guard let at = tokens.firstIndex(of: .special(UInt8(ascii: "@"))),
      let local = dotted(tokens[..<at], quotes: true), let domainText = domainText(tokens[(at + 1)...]),
      let text = String(validating: local, as: UTF8.self), let domain = Domain(bytes: domainText, international: true)
    else { return nil }
    return Mailbox(localPart: text, domain: domain)
  }

  private func domainText(_ tokens: ArraySlice<Token>) -> [UInt8]? {
    if tokens.count == 1, case .literal(let place)? = tokens.first {
      return [UInt8(ascii: "[")] + unquoted(place) + [UInt8(ascii: "]")]
    }
    return dotted(tokens, quotes: false)
  }

  /// Words with single dots between them.
  private func dotted(_ tokens: ArraySlice<Token>, quotes: Bool) -> [UInt8]? {
    guard tokens.count % 2 == 1 else { return nil }
    var text: [UInt8] = []
    var isWordNext = true
    for token in tokens {
      switch token {
      case .atom(let place) where isWordNext: text += value[place.range]
      case .quoted(let place) where isWordNext && quotes: text += unquoted(place)
      case .special(UInt8(ascii: ".")) where !isWordNext: text.append(UInt8(ascii: "."))
      default: return nil
      }
      isWordNext.toggle()
    }
    return text
  }

  private func unquoted(_ place: Place) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(place.range.count)
    var isEscaped = false
    for byte in value[place.range] {
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
      if !isEscaped { text.append(byte) }
    }
    return text
  }

  /// Words and specials, without blanks and comments (RFC 5322 §3.2.2). Nil if the text ends too early, or has characters that may
  /// stand only in quotes.
  private static func tokens(of bytes: [UInt8]) -> [Token]? {
    var scanner = Scanner(bytes: bytes)
    var tokens: [Token] = []
    while let byte = scanner.next() {
      switch byte {
      case 32, 9: continue
      case UInt8(ascii: "("): guard scanner.skipComment() else { return nil }
      case UInt8(ascii: "\""):
        guard let place = scanner.quotedText(upTo: byte) else { return nil }
        tokens.append(.quoted(place))
      case UInt8(ascii: "["):
        guard let place = scanner.quotedText(upTo: UInt8(ascii: "]")) else { return nil }
        tokens.append(.literal(place))
      case UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","):
        tokens.append(.special(byte))
      case 128...255: tokens.append(.atom(scanner.atom()))
      default:
        guard byte.isAtomText else { return nil }
        tokens.append(.atom(scanner.atom()))
      }
    }
    return tokens
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> UInt8? {
      guard index < bytes.count else { return nil }
      defer { index += 1 }
      return bytes[index]
    }

    /// The atom whose first octet was taken.
    mutating func atom() -> Place {
      let start = index - 1
      while index < bytes.count, bytes[index].isAtomText || bytes[index] >= 128 { index += 1 }
      return Place(start, index)
    }

    mutating func quotedText(upTo close: UInt8) -> Place? {
      let start = index
      while let byte = next() {
        if byte == close { return Place(start, index - 1) }
        if byte == UInt8(ascii: "\\"), next() == nil { return nil }
      }
      return nil
    }

    /// Skips a comment, with comments in it. Returns whether it was closed.
    mutating func skipComment() -> Bool {
      var depth = 1
      while let byte = next() {
        switch byte {
        case UInt8(ascii: "\\"): guard next() != nil else { return false }
        case UInt8(ascii: "("): depth += 1
        case UInt8(ascii: ")"):
          depth -= 1
          if depth == 0 { return true }
        default: break
        }
      }
      return false
    }
  }
}
