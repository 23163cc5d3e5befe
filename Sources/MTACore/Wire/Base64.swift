/// Base 64 of RFC 4648 §4, on bytes.
package enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The six bits of each character; 0xFF for one that is not of the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  /// One line, padded.
  package static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] { encode(Array(bytes)) }

  /// The same for an array; other modules would get an unspecialized loop of the generic one.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + 4)
    var group: UInt32 = 0
    var held = 0
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      held += 1
      guard held == 3 else { continue }
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(alphabet[Int(group >> 6 & 63)])
      text.append(alphabet[Int(group & 63)])
      group = 0
      held = 0
    }
    switch held {
    case 1: text += [alphabet[Int(group >> 2)], alphabet[Int(group << 4 & 63)], padding, padding]
    case 2:
      text += [alphabet[Int(group >> 10)], alphabet[Int(group >> 4 & 63)], alphabet[Int(group << 2 & 63)], padding]
    default: break
    }
    return text
  }

  /// Decodes what ``encode(_:)`` writes, and nothing else: nil for line ends and blanks, padding that is missing or too
  /// much, and bits set behind the last octet (RFC 4648 §3.5). Nothing decodes to nothing.
  package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var decoder = Decoder(capacity: text.underestimatedCount)
    for character in text where !decoder.take(character) { return nil }
    return decoder.isCanonical ? decoder.bytes : nil
  }

  /// Decodes a response of AUTH as clients send it: the padding may be missing, and blanks may stand around it. Everything else is as
  /// ``decode(_:)`` has it.
  package static func decodeResponse(_ text: [UInt8]) -> [UInt8]? {
    let text = text[...].withoutOuterBlanks
    var decoder = Decoder(capacity: text.count)
    for character in text where !decoder.take(character) { return nil }
    return decoder.isWhole && decoder.leftOver == 0 ? decoder.bytes : nil
  }

  /// Decodes base 64 that was folded or typed: blanks, tabs and line ends are skipped wherever they stand, padding may
  /// be missing, and bits behind the last octet are ignored. Nil for any other character, for text behind the padding,
  /// and for a lone character at the end.
  package static func decodeFolded(_ text: some Sequence<UInt8>) -> [UInt8]? {
    // As an array, whatever it was: the loop would ask an unknown sequence for each character.
    let text = Array(text)
    var decoder = Decoder(capacity: text.count)
    for character in text {
      switch character {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): continue
      default: guard decoder.take(character) else { return nil }
      }
    }
    return decoder.isWhole ? decoder.bytes : nil
  }

  private static let padding = UInt8(ascii: "=")

  private struct Decoder {
    var bytes: [UInt8] = []
    private var group: UInt32 = 0
    /// Characters of the alphabet seen, modulo 4.
    private var held = 0
    private var paddings = 0

    init(capacity: Int) { bytes.reserveCapacity(capacity / 4 * 3) }

    mutating func take(_ character: UInt8) -> Bool {
      if character == padding {
        paddings += 1
        return held >= 2 && held + paddings <= 4
      }
      let value = values[Int(character)]
      guard value != 0xFF, paddings == 0 else { return false }
      group = (group << 6 | UInt32(value)) & 0xFFF
      held = (held + 1) & 3
      // After the first character of four six bits are held; each further one completes an octet.
      switch held {
      case 2: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
      case 3: bytes.append(UInt8(truncatingIfNeeded: group >> 2))
      case 0: bytes.append(UInt8(truncatingIfNeeded: group))
      default: break
      }
      return true
    }

    /// The bits behind the last octet.
    var leftOver: UInt32 {
      switch held {
      case 2: group & 0xF
      case 3: group & 0x3
      default: 0
      }
    }

    /// No lone character at the end.
    var isWhole: Bool { held != 1 }

    var isCanonical: Bool {
      switch held {
      case 0: paddings == 0
      case 2: paddings == 2 && leftOver == 0
      case 3: paddings == 1 && leftOver == 0
      default: false
      }
    }
  }
}
