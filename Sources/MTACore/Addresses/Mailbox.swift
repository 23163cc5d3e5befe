/// An address of mail: `local-part@domain` (RFC 5321 §4.1.2).
///
/// Mailboxes compare by local part, byte for byte, and by domain in its one form (``Domain/canonical``). The local part is kept without
/// quotes: `"john smith"@example.org` has the local part `john smith`, and `"a"@b` equals `a@b`.
public struct Mailbox: Hashable, Sendable {
  /// The local part, unquoted.
  public let localPart: String
  public let domain: Domain

  /// The longest local part, in octets. RFC 5321 §4.5.3.1.1 demands support for 64 and sets no limit. Senders that make an address for
  /// each mail (VERP, SRS) are longer.
  package static let maximumLocalPart = 255

  /// Makes a mailbox of parsed parts. Nil for a local part that is empty, over ``maximumLocalPart``, or has control characters or
  /// others that deceive readers: C1, line and paragraph separators, marks of direction, invisible ones.
  public init?(localPart: String, domain: Domain) {
    guard (1...Self.maximumLocalPart).contains(localPart.utf8.count), !DeceptiveScalars.stand(in: localPart.utf8) else {
      return nil
    }
    self.localPart = localPart
    self.domain = domain
  }

  /// Reads `local@domain`, quoted local parts and international ones included.
  public init?(_ text: some StringProtocol) {
    var scanner = PathScanner(Array(text.utf8))
    guard let mailbox = try? scanner.mailbox(international: true), scanner.isAtEnd else { return nil }
    self = mailbox
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.localPart.utf8.elementsEqual(b.localPart.utf8) && a.domain == b.domain
  }

  public func hash(into hasher: inout Hasher) {
    for byte in localPart.utf8 { hasher.combine(byte) }
    hasher.combine(domain)
  }

  /// The mailbox as a key for local users: its local part in small letters, its domain as ``Domain/canonical``. So all spellings of a
  /// member's address have one ``description``.
  public var caseFolded: Mailbox {
    guard localPart.utf8.contains(where: { (65...90).contains($0) || $0 >= 128 }) || domain.isInternational else {
      return self
    }
    return Mailbox(localPart: foldedLocalPart, domain: domain.canonical) ?? self
  }

  private var foldedLocalPart: String {
    if localPart.utf8.contains(where: { $0 >= 128 }) { return InternationalLabel.folded(localPart) }
    return String(decoding: localPart.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// The same mailbox with its domain in the form within ASCII that any server knows (RFC 5890 §2.3.2.1); a local part has no such form.
  package var plain: Mailbox {
    guard domain.isInternational, let name = domain.dnsName else { return self }
    return Mailbox(localPart: localPart, domain: .name(name.description)) ?? self
  }

  /// Whether only SMTPUTF8 can carry this address (RFC 6531).
  public var isInternational: Bool { localPart.utf8.contains { $0 >= 128 } || domain.isInternational }
}

extension Mailbox: CustomStringConvertible, LosslessStringConvertible {
  /// As it stands between `<` and `>` on the wire. The local part is quoted if necessary.
  public var description: String {
    (Self.isDotString(localPart) ? localPart : Self.quoted(localPart)) + "@" + domain.description
  }

  /// Appends what ``description`` says, without making a text of it.
  package func append(to bytes: inout [UInt8]) {
    if Self.isDotString(localPart) {
      bytes.append(contentsOf: localPart.utf8)
    } else {
      bytes.append(contentsOf: Self.quoted(localPart).utf8)
    }
    bytes.append(UInt8(ascii: "@"))
    if case .name(let name) = domain {
      bytes.append(contentsOf: name.utf8)
    } else {
      bytes.append(contentsOf: domain.description.utf8)
    }
  }

  private static func isDotString(_ text: String) -> Bool {
    var previous = UInt8(ascii: ".")
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") {
        if previous == byte { return false }
      } else if !byte.isAtomText && byte < 128 {
        return false
      }
      previous = byte
    }
    return previous != UInt8(ascii: ".")
  }

  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Where reports about a mail go: a mailbox, or the null sender (`MAIL FROM:<>`, RFC 5321 §4.5.5).
public enum ReversePath: Hashable, Sendable {
  case null
  case mailbox(Mailbox)

  public var mailbox: Mailbox? {
    if case .mailbox(let mailbox) = self { return mailbox }
    return nil
  }

  /// Whether the sender's address is in this domain, in any spelling: `sender.isFrom("rival.example")`. The null sender is in no
  /// domain. A subdomain is another domain.
  public func isFrom(_ domain: Domain) -> Bool { mailbox?.domain == domain }
}

extension ReversePath: CustomStringConvertible, LosslessStringConvertible {
  /// In angle brackets, as on the wire: `<>` or `<a@example.org>`.
  public var description: String {
    switch self {
    case .null: "<>"
    case .mailbox(let mailbox): "<\(mailbox)>"
    }
  }

  /// Reads what ``description`` writes.
  public init?(_ text: String) {
    if text.utf8.spells("<>") {
      self = .null
      return
    }
    guard text.utf8.first == UInt8(ascii: "<"), text.utf8.last == UInt8(ascii: ">"),
      let mailbox = Mailbox(text.dropFirst().dropLast())
    else { return nil }
    self = .mailbox(mailbox)
  }
}

extension UInt8 {
  /// atext of RFC 5322 §3.2.3: what a dot-string is made of.
  package var isAtomText: Bool {
    switch self {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: "-"),
      UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^")...UInt8(ascii: "`"),
      UInt8(ascii: "{")...UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
