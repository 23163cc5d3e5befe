extension AuthenticationResultsField {
  /// Whether a reader may take a field that came with a mail for one of ours, so that it must be removed (RFC 8601 §5).
  ///
  /// Readers skip different octets, so this asks what any of them could see. The name counts as
  /// ``HeaderSection/Field/mayBeNamed(_:andMore:)`` reads it. Of the value, the part before the first semicolon outside comments and
  /// quotes counts. If our name begins a word there, with other octets in it or after it skipped, the field claims to be ours. It also
  /// does if that part cannot be read: it is empty, has more than 1000 octets, octets above 127 or an encoded word, or a comment or
  /// quotes without an end.
  public static func claims(_ field: HeaderSection.Field, authority: String) -> Bool {
    guard field.mayBeNamed(name) else { return false }
    let value = field.raw.drop { $0 != UInt8(ascii: ":") }.dropFirst()
    guard let head = Head(value.prefix(Head.limit)) else { return true }
    return ownNames(authority).contains { head.names($0) }
  }

  /// Our name as settings may spell it, and in its form in the DNS.
  private static func ownNames(_ authority: String) -> [[UInt8]] {
    let spelled = Array(authority.utf8)
    let dns = Domain(bytes: spelled, international: true)?.dnsName.map { Array($0.description.utf8) }
    return [spelled, dns ?? spelled].filter { $0.allSatisfy(\.isNameText) }.map { $0.map(\.lowercased) }
  }

  /// The text in the place of the authserv-id (RFC 8601 §2.2, §2.5).
  private struct Head {
    /// RFC 5322 §2.1.1: an authserv-id is a word, and no line is longer.
    static let limit = 1000

    /// The text with its comments, for readers that do not understand comments.
    private let whole: [UInt8]
    private let withoutComments: [UInt8]

    /// Nil if the field counts as ours, whatever it says.
    init?(_ value: ArraySlice<UInt8>) {
      var plain: [UInt8] = []
      var end = value.startIndex
      var depth = 0
      var isQuoted = false
      var isSemicolonHidden = false
      reading: while end < value.endIndex {
        let byte = value[end]
        if byte >= 128 { return nil }
        end += 1
        switch byte {
        case UInt8(ascii: "\\") where depth > 0 || isQuoted:
          if depth == 0, end < value.endIndex { plain.append(value[end]) }
          end = min(end + 1, value.endIndex)
        case UInt8(ascii: "\"") where depth == 0: isQuoted.toggle()
        case UInt8(ascii: "(") where !isQuoted:
          depth += 1
          plain.append(32)
        case UInt8(ascii: ")") where depth > 0: depth -= 1
        case UInt8(ascii: ";"):
          if depth == 0, !isQuoted { break reading }
          isSemicolonHidden = true
          plain.append(32)
        default: if depth == 0 { plain.append(byte) }
        }
      }
      guard depth == 0, !isQuoted, value.count < Self.limit || end < value.endIndex,
        plain.contains(where: \.isNameText)
      else { return nil }
      let read = value[value.startIndex..<end]
      // RFC 2047 §5 has none of them here; who decodes them all the same reads what we do not.
      guard !zip(read, read.dropFirst()).contains(where: { $0 == (UInt8(ascii: "="), UInt8(ascii: "?")) }) else {
        return nil
      }
      withoutComments = plain
      // What ends at a semicolon within a comment may be the end to somebody.
      whole = isSemicolonHidden ? Array(read) : []
    }

    func names(_ name: [UInt8]) -> Bool { Self.names(name, in: withoutComments) || Self.names(name, in: whole) }

    /// Whether a word begins with the name and ends with it.
    private static func names(_ name: [UInt8], in text: [UInt8]) -> Bool {
      text.indices.contains { start in
        (start == 0 || !text[start - 1].isNameText) && isName(name, text[start...])
      }
    }

    private static func isName(_ name: [UInt8], _ text: ArraySlice<UInt8>) -> Bool {
      var rest = text
      for byte in name {
        guard let place = rest.firstIndex(where: \.isNameText), rest[place].lowercased == byte else { return false }
        rest = rest[(place + 1)...]
      }
      // A dot at the end is the same name; a label behind it is not.
      return !(rest.drop { $0 == UInt8(ascii: ".") }.first?.isNameText ?? false)
    }
  }
}

extension UInt8 {
  /// Letters, digits, dots and hyphens.
  fileprivate var isNameText: Bool {
    (48...57).contains(self) || (97...122).contains(self | 0x20) || self == UInt8(ascii: ".")
      || self == UInt8(ascii: "-")
  }

  fileprivate var lowercased: UInt8 { (65...90).contains(self) ? self | 0x20 : self }
}
