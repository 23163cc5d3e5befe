extension InternationalLabel {
  /// Whether a name that holds U-labels or A-labels may stand in an address.
  ///
  /// Read as ``mapped(_:)`` reads it, no label of it may be empty, and each must be one that a name can have at all (RFC 5891 §4.2.3,
  /// §5.4). Symbols are taken here, though IDNA 2008 knows none: there are such names, and what stands in the DNS is the DNS's to say.
  ///
  /// - Parameter name: with the dot at its end, if it has one.
  static func mayFormName(_ name: [UInt8]) -> Bool {
    guard let text = String(validating: name, as: UTF8.self) else { return false }
    var labels = scalars(of: text).split(omittingEmptySubsequences: false) { $0 == "." }
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    return labels.allSatisfy { mayBeLabel(Array($0)) }
  }

  /// Whether a label in octets is an A-label, or pretends to be one.
  static func isEncoded(_ label: ArraySlice<UInt8>) -> Bool { label.begins(caseless: "xn--") }

  private static let prefix: [Unicode.Scalar] = ["x", "n", "-", "-"]

  private static func mayBeLabel(_ label: [Unicode.Scalar]) -> Bool {
    guard let first = label.first, let last = label.last, first != "-", last != "-" else { return false }
    if label.starts(with: prefix) {
      // RFC 5890 §2.3.2.1: it is an A-label only if it stands for a U-label, in the one form of that.
      guard label.allSatisfy(\.isASCII) else { return false }
      let encoded = label.dropFirst(prefix.count).map { UInt8(truncatingIfNeeded: $0.value) }
      guard let decoded = Punycode.decode(encoded), !decoded.allSatisfy(\.isASCII),
        let again = Punycode.encode(decoded), again.elementsEqual(encoded)
      else { return false }
      return mayBeUnicodeLabel(decoded)
    }
    // Others with two hyphens there are host names like any: `r3---sn.example`.
    if label.allSatisfy(\.isASCII) { return label.count <= 63 && label.allSatisfy(mayStand) }
    return mayBeUnicodeLabel(label)
  }

  private static func mayBeUnicodeLabel(_ label: [Unicode.Scalar]) -> Bool {
    guard let first = label.first, first != "-", label.last != "-", label.allSatisfy(mayStand) else { return false }
    // RFC 5891 §4.2.3.1, §4.2.3.2. A joiner must follow something, too (RFC 5892 Appendix A.1, A.2).
    if label.count >= 4, label[2] == "-", label[3] == "-" { return false }
    if isMark(first) || first == "\u{200c}" || first == "\u{200d}" { return false }
    guard RightToLeftLabel.isSound(label) else { return false }
    // RFC 1035 §2.3.4: 63 octets in the DNS.
    guard label.count <= 63, let encoded = Punycode.encode(label) else { return false }
    return encoded.count + prefix.count <= 63
  }

  /// What no name has, however lenient its registry is: ASCII that is none of host names, blanks, what some map to a dot and more, and
  /// what deceives readers.
  private static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x61...0x7a, 0x2d, 0x5f: return true
    case 0...0x7f: return false
    // Full stops, leaders of dots, numbers and letters with a dot or in parentheses, small and wide forms of ASCII and other marks.
    case 0x2024...0x2026, 0x2474...0x24b5, 0x3002, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff00...0xff64, 0xffe0...0xffee,
      0x1f100...0x1f12a:
      return false
    default:
      return !DeceptiveScalars.isDeceptive(scalar.value) && !scalar.properties.isWhitespace
        && scalar.properties.generalCategory != .privateUse
    }
  }
}
