/// SASLprep (RFC 4013), which prepares passwords for SCRAM. So the same password typed on two systems has the same octets.
///
/// Accepted text is prepared as the RFC says. More is refused than the RFC does: combining marks and conjoining letters, which would
/// need tables of composition; letters that normalization replaces; and scripts that are written from right to left. All of ASCII and
/// the letters of Latin, Greek, Cyrillic, kana, Han and precomposed Hangul are accepted.
enum SASLprep {
  /// Nil for text that is empty after preparation, or refused.
  static func prepare(_ text: String) -> String? {
    var prepared = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        // RFC 3454 C.2.1.
        guard (32...126).contains(scalar.value) else { return nil }
        prepared.unicodeScalars.append(scalar)
      } else if mappedToNothing.contains(scalar.value) {
        continue
      } else if scalar.properties.generalCategory == .spaceSeparator || scalar.value == 0x200B {
        // RFC 4013 §2.1: non-ASCII spaces become U+0020.
        prepared.unicodeScalars.append(" ")
      } else {
        guard isStable(scalar) else { return nil }
        prepared.unicodeScalars.append(scalar)
      }
    }
    return prepared.isEmpty ? nil : prepared
  }

  /// RFC 3454 B.1, without U+200B, which RFC 4013 turns into a space.
  private static let mappedToNothing: Set<UInt32> = Set(
    [0xAD, 0x34F, 0x1806, 0x180B, 0x180C, 0x180D, 0x200C, 0x200D, 0x2060, 0xFEFF] + Array(0xFE00...0xFE0F))

  /// A character that SASLprep neither changes nor prohibits, whatever its neighbours.
  private static func isStable(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .nonspacingMark, .spacingMark, .enclosingMark:
      return false
    default: break
    }
    // RFC 4013 §2.5: stringprep knows Unicode 3.2, and what came later is unassigned to it.
    guard let age = properties.age, (age.major, age.minor) <= (3, 2) else { return false }
    switch scalar.value {
    // Conjoining Hangul; scripts from right to left (RFC 3454 §6); ideographic description characters (C.7).
    case 0x1100...0x11FF, 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x2FF0...0x2FFB: return false
    case 0x10800...0x10FFF, 0x1E800...0x1EFFF: return false
    // C.6: inappropriate for plain text.
    case 0xFFF9...0xFFFD: return false
    default: break
    }
    // Normalization (NFKC) lets a character alone if it does so together with case folding; for a capital that is asked
    // of its small letter, which must lead back to it.
    // Sharp s and final sigma are small letters that only case folding replaces.
    if !properties.changesWhenNFKCCaseFolded || scalar == "\u{DF}" || scalar == "\u{3C2}" { return true }
    let small = properties.lowercaseMapping.unicodeScalars
    guard small.count == 1, let letter = small.first, letter != scalar else { return false }
    return !letter.properties.changesWhenNFKCCaseFolded
      && letter.properties.uppercaseMapping.unicodeScalars.elementsEqual([scalar])
  }
}
