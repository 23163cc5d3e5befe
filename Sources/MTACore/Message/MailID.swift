/// The id of one accepted mail: seconds, random bits and milliseconds, `1dYwrI-0iDWWN-0y` in base 62.
///
/// It has only letters, digits and hyphens, so it can be a file name. Base 36 is for file systems that fold case.
public struct MailID: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  public let description: String

  /// - Parameters:
  ///   - base: 62 or 36; anything else counts as 62.
  public init(at instant: Timestamp, random: UInt32, base: Int = 62) {
    let base = base == 36 ? 36 : 62
    let seconds = UInt64(clamping: instant.seconds)
    let milliseconds = UInt64(clamping: instant.milliseconds - instant.seconds * 1000)
    // 6 digits of base 62 hold 56 thousand million; base 36 needs 7 for any UInt32.
    let width = base == 62 ? 6 : 7
    var text: [UInt8] = []
    text.reserveCapacity(20)
    for (number, width) in [(seconds, width), (UInt64(random), width), (milliseconds, 2)] {
      if !text.isEmpty { text.append(UInt8(ascii: "-")) }
      Self.append(number, base, width, to: &text)
    }
    description = String(decoding: text, as: UTF8.self)
  }

  /// Takes any text of 1 to 64 letters, digits and hyphens.
  public init?(_ text: String) {
    guard (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 })
    else { return nil }
    description = text
  }

  static func append(_ number: UInt64, _ base: Int, _ width: Int, to text: inout [UInt8]) {
    let start = text.count
    var rest = number
    while rest > 0 || text.count - start < width {
      let digit = UInt8(rest % UInt64(base))
      // 0-9, A-Z, a-z in ASCII order; base 36 in lower case.
      switch digit {
      case 0...9: text.append(48 + digit)
      case 10...35: text.append((base == 36 ? 87 : 55) + digit)
      default: text.append(61 + digit)
      }
      rest /= UInt64(base)
    }
    text[start...].reverse()
  }
}
