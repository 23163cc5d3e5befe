/// What is wrong with an address, told apart as far as the founding rules tell it (R5, R6, R8).
package enum PathFault: Error, Hashable, Sendable {
  /// No `<...>`, or nothing like an address within.
  case noPath
  /// The local part has a fault that can be named: the rest of a sentence that begins "cannot contain".
  case localPart(String)
  /// An address in UTF-8 without SMTPUTF8 (RFC 6531 §3.5).
  case international
}

/// Reads paths (`<a@b>`) byte by byte. Never looks behind its input, never traps.
package struct PathScanner {
  private let bytes: [UInt8]
  private(set) var index: Int
  /// The local part that was read stood in quotes.
  private(set) var sawQuotes = false

  package init(_ bytes: [UInt8], from index: Int = 0) {
    self.bytes = bytes
    self.index = index
  }

  package var isAtEnd: Bool { index >= bytes.count }
  package var position: Int { index }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: mark) else { return false }
    index += 1
    return true
  }

  /// Goes to the `<` that opens the path; a display name before it is tolerated, as the founders had it (R5).
  package mutating func skipDisplayName() throws(PathFault) {
    guard let open = bytes[index...].firstIndex(of: UInt8(ascii: "<")) else { throw .noPath }
    guard bytes[index..<open].allSatisfy({ $0 >= 32 && $0 != 127 && $0 != UInt8(ascii: ">") }) else { throw .noPath }
    index = open
  }

  /// `"<" [ A-d-l ":" ] Mailbox ">"`, or nil for `<>`; the source route is dropped (RFC 5321 App. C).
  package mutating func path(international: Bool) throws(PathFault) -> Mailbox? {
    guard take("<") else { throw .noPath }
    if take(">") { return nil }
    if next == UInt8(ascii: "@") { try skipSourceRoute(international: international) }
    let mailbox = try mailbox(international: international)
    guard take(">") else { throw .noPath }
    return mailbox
  }

  /// `postmaster` without a domain, any case, in brackets (RFC 5321 §4.1.1.3).
  package mutating func barePostmaster() -> Bool {
    let word = Array("<postmaster>".utf8)
    guard bytes.count - index >= word.count,
      zip(bytes[index..<index + word.count], word).allSatisfy({
        $0 == $1 || ((65...90).contains($0) && $0 | 0x20 == $1)
      })
    else { return false }
    index += word.count
    return true
  }

  private mutating func skipSourceRoute(international: Bool) throws(PathFault) {
    repeat {
      guard take("@") else { throw .noPath }
      _ = try domain(international: international)
    } while take(",")
    guard take(":") else { throw .noPath }
  }

  package mutating func mailbox(international: Bool) throws(PathFault) -> Mailbox {
    let local =
      try next == UInt8(ascii: "\"")
      ? quotedString(international: international) : dotString(international: international)
    guard take("@") else { throw .noPath }
    let domain = try domain(international: international)
    guard let mailbox = Mailbox(localPart: local, domain: domain) else { throw .noPath }
    return mailbox
  }

  private static let tooLong = "more than \(Mailbox.maximumLocalPart) octets"
  private static let deceptive = "characters that control, turn or hide text"

  /// Everything up to the `@` is looked at before the fault is told, so that the answer names the local part's own.
  private mutating func dotString(international: Bool) throws(PathFault) -> String {
    let start = index
    guard let at = bytes[start...].firstIndex(of: UInt8(ascii: "@")), at > start else { throw .noPath }
    let part = bytes[start..<at]
    guard !part.contains(UInt8(ascii: ">")) else { throw .noPath }
    if part.contains(where: { $0 >= 128 }), !international { throw .international }
    guard let text = String(validating: part, as: UTF8.self) else { throw .localPart("bytes that are not UTF-8") }
    if part.contains(where: { !$0.isAtomText && $0 != UInt8(ascii: ".") && $0 < 128 }) {
      throw .localPart("characters outside a-z A-Z 0-9 ! # $ % & ' * + - / = ? ^ _ ` { | } ~ .")
    }
    if part.first == UInt8(ascii: ".") { throw .localPart("a leading dot") }
    if part.last == UInt8(ascii: ".") { throw .localPart("a trailing dot") }
    if zip(part, part.dropFirst()).contains(where: { $0 == UInt8(ascii: ".") && $1 == $0 }) {
      throw .localPart("two dots in a row")
    }
    guard part.count <= Mailbox.maximumLocalPart else { throw .localPart(Self.tooLong) }
    guard !DeceptiveScalars.stand(in: part) else { throw .localPart(Self.deceptive) }
    index = at
    return text
  }

  /// Quoted-string of RFC 5321 §4.1.2: qtext and `\` pairs of printable characters.
  private mutating func quotedString(international: Bool) throws(PathFault) -> String {
    guard take("\"") else { throw .noPath }
    sawQuotes = true
    var content: [UInt8] = []
    while let byte = next {
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard !content.isEmpty else { throw .localPart("nothing between its quotes") }
        guard content.count <= Mailbox.maximumLocalPart else { throw .localPart(Self.tooLong) }
        guard let text = String(validating: content, as: UTF8.self) else {
          throw .localPart("bytes that are not UTF-8")
        }
        guard !DeceptiveScalars.stand(in: content) else { throw .localPart(Self.deceptive) }
        return text
      case UInt8(ascii: "\\"):
        guard let quoted = next, (32...126).contains(quoted) else { throw .localPart("a stray backslash") }
        content.append(quoted)
        index += 1
      case 128...255:
        guard international else { throw .international }
        content.append(byte)
      case 32...126: content.append(byte)
      default: throw .localPart("control characters")
      }
    }
    throw .noPath
  }

  private mutating func domain(international: Bool) throws(PathFault) -> Domain {
    let start = index
    if next == UInt8(ascii: "[") {
      guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "]")) else { throw .noPath }
      index = close + 1
    } else {
      while let byte = next,
        ![UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: " ")].contains(byte)
      {
        if byte >= 128, !international { throw .international }
        index += 1
      }
    }
    guard let domain = Domain(bytes: Array(bytes[start..<index]), international: international) else { throw .noPath }
    return domain
  }
}
