/// One label of an internationalized domain name, a U-label (RFC 5890 §2.3.2.1), on its way into the DNS.
///
/// It is checked by the derived property of RFC 5892, from the Unicode properties that Swift's standard library knows. A label
/// that would have to be mapped first (capitals, full-width forms, ligatures: UTS 46) is refused, not mapped: only
/// ASCII letters are lowered. Two things are not checked, for lack of tables: that the label is in NFC (one that is
/// not becomes an A-label that nobody can have registered), and the rule for right-to-left scripts (RFC 5893), which
/// protects readers, not look-ups.
enum InternationalLabel {
  /// The A-label, `xn--` and Punycode; ASCII comes back in lower case. Nil for what is no U-label.
  static func encode(_ label: some Sequence<Unicode.Scalar>) -> [UInt8]? {
    let scalars = label.map { scalar in
      ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
    }
    // Far longer than any that fits into 63 octets: not worth the work.
    guard scalars.count <= 63 else { return nil }
    if scalars.allSatisfy(\.isASCII) { return scalars.map { UInt8(truncatingIfNeeded: $0.value) } }
    guard isLookedUp(scalars), let encoded = Punycode.encode(scalars) else { return nil }
    let label = Array("xn--".utf8) + encoded
    return label.count <= 63 ? label : nil
  }

  /// RFC 5891 §5.4
  private static func isLookedUp(_ label: [Unicode.Scalar]) -> Bool {
    guard let first = label.first, first != "-", label.last != "-", !isMark(first) else { return false }
    if label.count >= 4, label[2] == "-", label[3] == "-" { return false }
    return label.indices.allSatisfy { index in
      switch standing(of: label[index]) {
      case .valid: true
      case .disallowed: false
      case .contextual: isInContext(label, index)
      }
    }
  }

  private enum Standing { case valid, disallowed, contextual }

  /// The derived property of RFC 5892 §3.
  private static func standing(of scalar: Unicode.Scalar) -> Standing {
    if scalar.isASCII {
      let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "_"
      return isPlain ? .valid : .disallowed
    }
    // RFC 5892 §2.6, the exceptions.
    switch scalar.value {
    case 0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007: return .valid
    case 0xb7, 0x375, 0x5f3, 0x5f4, 0x660...0x669, 0x6f0...0x6f9, 0x30fb: return .contextual
    case 0x640, 0x7fa, 0x302e, 0x302f, 0x3031...0x3035, 0x303b: return .disallowed
    // §2.9, the conjoining jamo: whole syllables are written.
    case 0x1100...0x11ff, 0xa960...0xa97f, 0xd7b0...0xd7ff: return .disallowed
    // §2.7, blocks that are no language's.
    case 0x20d0...0x20ff, 0x1d100...0x1d1ff, 0x1d200...0x1d24f: return .disallowed
    default: break
    }
    let properties = scalar.properties
    // §2.2 unstable, §2.3 ignorable. The joiners (§2.8) are ignorable here too: whether they may stand where they do
    // needs tables that the standard library has not.
    if properties.changesWhenNFKCCaseFolded || properties.isDefaultIgnorableCodePoint || properties.isWhitespace
      || properties.isNoncharacterCodePoint
    {
      return .disallowed
    }
    // §2.1
    switch properties.generalCategory {
    case .lowercaseLetter, .uppercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark,
      .decimalNumber:
      return .valid
    default: return .disallowed
    }
  }

  /// RFC 5892 Appendix A.3 to A.9.
  private static func isInContext(_ label: [Unicode.Scalar], _ index: Int) -> Bool {
    let before = index > 0 ? label[index - 1].value : 0
    let after = index + 1 < label.count ? label[index + 1].value : 0
    switch label[index].value {
    // Between two l, as in Catalan.
    case 0xb7: return before == 0x6c && after == 0x6c
    // Before Greek.
    case 0x375: return (0x370...0x3ff).contains(after) || (0x1f00...0x1fff).contains(after)
    // After Hebrew.
    case 0x5f3, 0x5f4: return (0x591...0x5f4).contains(before)
    // Not together with the other set of digits.
    case 0x660...0x669: return !label.contains { (0x6f0...0x6f9).contains($0.value) }
    case 0x6f0...0x6f9: return !label.contains { (0x660...0x669).contains($0.value) }
    // Beside Hiragana, Katakana or Han.
    default:
      return label.contains {
        $0.value != 0x30fb && ((0x3005...0x30ff).contains($0.value) || $0.properties.isIdeographic)
      }
    }
  }

  static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }
}

extension InternationalLabel {
  /// The same text as people mean it, by the mappings that RFC 5895 gives to names on their way in: small letters for capitals and
  /// full-width forms, one scalar for a letter and its mark, a plain dot for an ideographic one. Names compare so; what is asked of
  /// the DNS is checked after it.
  static func mapped(_ text: String) -> String { composed(scalars(of: text)) }

  /// So mapped, but with marks apart from their letters where they came so.
  static func scalars(of text: String) -> String.UnicodeScalarView {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      // §2.4 of RFC 5895: the full stops of other scripts.
      case 0x3002, 0xff0e, 0xff61: result.append(".")
      case 0xff01...0xff5e: result.append(contentsOf: small(Unicode.Scalar(scalar.value - 0xfee0) ?? scalar))
      default: result.append(contentsOf: small(scalar))
      }
    }
    return result
  }

  /// A local part in small letters, each one scalar where there is one: what stands for a member's name in tables.
  static func folded(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(contentsOf: small(scalar)) }
    return composed(result)
  }

  private static func small(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
    // A capital I with a dot has two scalars as its small letter.
    scalar.properties.lowercaseMapping.unicodeScalars
  }

  /// Letters that stand apart from their marks become one scalar, where there is one.
  private static func composed(_ scalars: String.UnicodeScalarView) -> String {
    guard scalars.contains(where: isMark) else { return String(scalars) }
    var result = String.UnicodeScalarView()
    for letter in String(scalars) {
      // No letter of these scripts has more marks, and putting hundreds in order is work for nothing.
      if (2...4).contains(letter.unicodeScalars.prefix(5).count), let whole = compositions[letter] {
        result.append(whole)
      } else {
        result.append(contentsOf: letter.unicodeScalars)
      }
    }
    return String(result)
  }

  /// The precomposed letters of Latin, Greek, Cyrillic and their neighbours, by what they are made of: characters hash and compare by
  /// canonical equivalence.
  private static let compositions: [Character: Unicode.Scalar] = {
    var table: [Character: Unicode.Scalar] = [:]
    for value in [0xc0...0x24f, 0x370...0x6ff, 0x1e00...0x1fff, 0x3040...0x30ff].joined() {
      guard let scalar = Unicode.Scalar(UInt32(value)), !isMark(scalar) else { continue }
      // Where two scalars are the same character, the first is the letter, and the second its double.
      if table[Character(scalar)] == nil { table[Character(scalar)] = scalar }
    }
    return table
  }()
}

extension DNSName {
  /// Reads a name that may have U-labels (RFC 5890 §2.3.2.1), and turns them into A-labels: `bücher.example` is
  /// `xn--bcher-kva.example`. A-labels and other ASCII are read as ``init(_:)`` does.
  ///
  /// Only ASCII letters become lower case. A name that would need more mapping is refused (`Bücher` is taken, `BÜCHER` is not), and so
  /// are characters that IDNA 2008 disallows, such as symbols and emoji. Names must come in NFC, as keyboards write them.
  public init?(international text: some StringProtocol) {
    if text.utf8.allSatisfy({ $0 < 128 }) {
      self.init(text)
      return
    }
    guard text.utf8.count <= 1024 else { return nil }
    var labels: [[UInt8]] = []
    for label in text.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "." }) {
      guard let encoded = InternationalLabel.encode(label) else { return nil }
      labels.append(encoded)
    }
    self.init(labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "."))
  }
}
