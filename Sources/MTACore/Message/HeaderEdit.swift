/// A change of a mail's header by a hook: one more field at the top. The content of a mail is never rewritten, so fields can be added
/// but not removed.
public struct HeaderEdit: Hashable, Sendable {
  public enum Fault: Error, Hashable, Sendable {
    /// Not 1 to 76 printable ASCII characters without a colon (RFC 5322 §2.2).
    case name
    /// The value has a control character: a CR or LF would begin another field.
    case control
    /// The value is not ASCII, and the mail is not international (RFC 6532).
    case international
    /// A word, or the whole, is too long for a header: 900 and 16,384 octets.
    case tooLong
  }

  public let name: String
  /// The line as it stands in the mail: folded, with CR LF at its end.
  package let line: String

  /// - Parameters:
  ///   - value: one line of text; several blanks count as one.
  ///   - international: whether text that is not ASCII is allowed.
  public init(adding name: String, _ value: String, international: Bool = false) throws(Fault) {
    guard (1...76).contains(name.utf8.count), name.utf8.allSatisfy({ (33...126).contains($0) && $0 != 58 }) else {
      throw .name
    }
    guard value.utf8.count <= 16_384 else { throw .tooLong }
    for scalar in value.unicodeScalars {
      // C0, DEL and C1.
      guard scalar.value >= 32, !(127...159).contains(scalar.value) else { throw .control }
      guard scalar.isASCII || international else { throw .international }
    }
    // RFC 5322 §2.1.1: no line above 998 octets; folding can part words only.
    guard value.utf8.split(separator: 32).allSatisfy({ $0.count <= 900 }) else { throw .tooLong }
    self.name = name
    var line = FoldedLine(name + ":")
    line.append(value)
    self.line = line.text + "\r\n"
  }

  func isNamed(_ other: StaticString) -> Bool { name.utf8.spells(caseless: other) }
}
