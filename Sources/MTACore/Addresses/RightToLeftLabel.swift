/// The rule for labels of scripts that run from right to left (RFC 5893 §2), as far as the standard library's properties tell directions:
/// readers would see the letters of others in another order, and perhaps in another label.
enum RightToLeftLabel {
  static func isSound(_ label: [Unicode.Scalar]) -> Bool {
    guard label.contains(where: isRightToLeft) else { return true }
    // Rules 1 to 4.
    guard let first = label.first, isRightToLeft(first), !label.contains(where: isLeftToRight),
      let last = label.last(where: { !InternationalLabel.isMark($0) }), isRightToLeft(last) || isDigit(last)
    else { return false }
    return !label.contains(where: isArabicDigit) || !label.contains { isDigit($0) && !isArabicDigit($0) }
  }

  private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
    guard isOfSuchScript(scalar) else { return false }
    return isLetter(scalar) || (0x7c0...0x7c9).contains(scalar.value)
  }

  private static func isOfSuchScript(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x590...0x8ff, 0xfb1d...0xfdff, 0xfe70...0xfeff, 0x10800...0x10fff, 0x1e800...0x1efff: true
    default: false
    }
  }

  private static func isLeftToRight(_ scalar: Unicode.Scalar) -> Bool {
    guard !isOfSuchScript(scalar) else { return false }
    if scalar.isASCII { return ("a"..."z").contains(scalar) }
    switch scalar.properties.generalCategory {
    // Modifier letters are of no direction, in part.
    case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .otherLetter, .spacingMark, .decimalNumber: return true
    default: return false
    }
  }

  /// European or Arabic.
  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    ("0"..."9").contains(scalar) || (0x6f0...0x6f9).contains(scalar.value) || isArabicDigit(scalar)
  }

  private static func isArabicDigit(_ scalar: Unicode.Scalar) -> Bool { (0x660...0x669).contains(scalar.value) }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .otherLetter, .modifierLetter: true
    default: false
    }
  }
}
