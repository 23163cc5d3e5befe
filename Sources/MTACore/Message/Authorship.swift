/// The author of a mail, for the question whether its sender may write in that name: the newest Resent-From (RFC 5322 §3.6.6), or else
/// From.
package struct Authorship: Hashable, Sendable {
  /// Each once, in order. If the field is not a list of mailboxes, these are all that any reader might see in it. So a field that
  /// readers understand differently names all of them.
  package let mailboxes: [Mailbox]
  /// There is one field, and it is a list of mailboxes.
  package let isReadable: Bool
  /// There are more than ``maximum``; those beyond are not in ``mailboxes``.
  package let areTooMany: Bool
  /// Something looks like an author, but its mailbox cannot be determined: an address with characters that no address may have, such as
  /// an invisible one, or a field that some readers may take for From or Resent-From though its name is spelled otherwise.
  package let isDisguised: Bool

  /// Each is looked up by the hooks.
  package static let maximum = 16

  init(_ header: HeaderSection) {
    let resent = header.first(named: "Resent-From")
    let from = header.fields(named: "From")
    let field = resent ?? (from.count == 1 ? from[0] : nil)
    let listed = field.flatMap { AddressListParser.mailboxes(in: $0.unfoldedValue, plainNames: true) }
    // Who resent it is told by a field that can be read, or the From counts as well.
    var possible = PossibleMailboxes()
    if listed == nil { for field in (resent.map { [$0] } ?? []) + from { possible.add(field.unfoldedValue) } }
    let named = listed ?? possible.mailboxes
    var seen: Set<Mailbox> = []
    let mailboxes = named.filter { seen.insert($0.caseFolded).inserted }
    self.mailboxes = Array(mailboxes.prefix(Self.maximum))
    areTooMany = mailboxes.count > Self.maximum
    isDisguised =
      possible.isDisguised || mailboxes.prefix(Self.maximum).contains { $0.domain.resemblesAnother }
      || header.fields.contains { $0.isDisguised(as: "From") || $0.isDisguised(as: "Resent-From") }
    isReadable = listed != nil && !isDisguised
  }

  /// Their domains, each once.
  var domains: [Domain] {
    var domains: [Domain] = []
    for mailbox in mailboxes where !domains.contains(mailbox.domain) { domains.append(mailbox.domain) }
    return domains
  }
}

extension HeaderSection {
  package var authorship: Authorship { Authorship(self) }
}

extension Domain {
  /// Whether some readers show or compare it as another domain. It has characters that compatibility mapping changes or drops, such as
  /// mathematical letters and invisible marks, and that registered names never have (RFC 5892 §2.8). Wide forms are mapped by
  /// ``canonical``.
  fileprivate var resemblesAnother: Bool {
    description.unicodeScalars.contains { scalar in
      guard scalar.value >= 128, !(0xFF00...0xFFEF).contains(scalar.value), scalar != "\u{DF}", scalar != "\u{3C2}"
      else {
        return false
      }
      return scalar.properties.lowercaseMapping.unicodeScalars.contains { $0.properties.changesWhenNFKCCaseFolded }
    }
  }
}

/// Finds text that looks like an address in a value that is not an address, or not a list of them: `Bob, VP <bob@example.net>`. It
/// rather finds one too many than one too few.
struct PossibleMailboxes {
  private(set) var mailboxes: [Mailbox] = []
  /// As ``Authorship/isDisguised``.
  private(set) var isDisguised = false

  private static let at = UInt8(ascii: "@")
  private static let dot = UInt8(ascii: ".")

  /// Adds the addresses of two readings: with quotes and comments understood, and with them as plain characters between words.
  mutating func add(_ value: [UInt8]) {
    let value = Self.withPlainAt(value)
    look(Self.understood(value))
    look(Self.asBlanks(value))
  }

  /// The value with `@` for its wide and its small form (U+FF20, U+FE6B), which some readers take for it.
  private static func withPlainAt(_ value: [UInt8]) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(value.count)
    for byte in value {
      plain.append(byte)
      guard byte == 0xA0 || byte == 0xAB else { continue }
      if plain.suffix(3).elementsEqual([0xEF, 0xBC, 0xA0]) || plain.suffix(3).elementsEqual([0xEF, 0xB9, 0xAB]) {
        plain.removeLast(3)
        plain.append(at)
      }
    }
    return plain
  }

  private static func understood(_ value: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(value.count)
    var depth = 0
    var isQuoted = false
    var isEscaped = false
    for byte in value {
      if isEscaped {
        isEscaped = false
        if depth == 0 { text.append(byte) }
        continue
      }
      switch byte {
      case UInt8(ascii: "\\"): isEscaped = isQuoted || depth > 0
      case UInt8(ascii: "\"") where depth == 0: isQuoted.toggle()
      case UInt8(ascii: "(") where !isQuoted: depth += 1
      case UInt8(ascii: ")") where depth > 0: depth -= 1
      default: if depth == 0 { text.append(byte) }
      }
    }
    return text
  }

  private static func asBlanks(_ value: [UInt8]) -> [UInt8] {
    value.map { byte in
      switch byte {
      case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"): 32
      default: byte
      }
    }
  }

  private mutating func look(_ text: [UInt8]) {
    let (at, dot) = (Self.at, Self.dot)
    let text = Self.closingUp(text)
    for place in text.indices where text[place] == at {
      // By index: there may be an `@` for each octet, and a slice of its own for each costs more than looking at it.
      var start = place
      while start > 0, Self.isWord(text[start - 1]) { start -= 1 }
      while start < place, text[start] == dot { start += 1 }
      let next = place + 1
      var end = next
      while end < text.count, Self.isWord(text[end]) { end += 1 }
      if end == next, next < text.count, text[next] == UInt8(ascii: "[") {
        guard let close = text[next..<min(next + 64, text.count)].firstIndex(of: UInt8(ascii: "]")) else { continue }
        end = close + 1
      }
      while end > next, text[end - 1] == dot { end -= 1 }
      guard next < end else { continue }
      let (local, domain) = (text[start..<place], text[next..<end])
      guard let name = Domain(bytes: Array(domain), international: true),
        let mailbox = Mailbox(localPart: String(decoding: local, as: UTF8.self), domain: name)
      else {
        if (local + domain).contains(where: { !(33...126).contains($0) }) { isDisguised = true }
        continue
      }
      mailboxes.append(mailbox)
    }
  }

  /// The text without blanks around `@` and dots, which some readers skip.
  private static func closingUp(_ text: [UInt8]) -> [UInt8] {
    var closed: [UInt8] = []
    closed.reserveCapacity(text.count)
    for byte in text {
      if byte == 32 || byte == 9 {
        if let last = closed.last, last != at, last != dot, last != 32 { closed.append(32) }
        continue
      }
      if byte == at || byte == dot, closed.last == 32 { closed.removeLast() }
      closed.append(byte)
    }
    return closed
  }

  /// Control characters count, too: some readers skip them.
  private static func isWord(_ byte: UInt8) -> Bool {
    byte.isAtomText || byte == dot || byte >= 127 || (byte < 32 && byte != 9)
  }
}
