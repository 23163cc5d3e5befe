/// The name of a mail in the drop folder: what is known of its way, and 32 random digits of base 16. Other names are nobody's business.
///
/// | name | is |
/// |---|---|
/// | `new-…` | being written |
/// | `mail-…` | complete |
/// | `try1-…` to `try3-…` | being taken in; the number counts how often that began without an end |
/// | `held-…` | left alone, because the server broke off at it again and again |
struct DropName: Hashable, Sendable {
  enum Stage: String, Hashable, Sendable, CaseIterable {
    case new, mail, try1, try2, try3, held

    /// What a mail is while it is taken in; nil where it is not to be.
    var next: Stage? {
      switch self {
      case .mail: .try1
      case .try1: .try2
      case .try2: .try3
      case .new, .try3, .held: nil
      }
    }
  }

  /// Octets of a valid name at most.
  static let longest = 37

  var stage: Stage
  let digits: String

  init(_ stage: Stage, random high: UInt64, _ low: UInt64) {
    self.stage = stage
    digits = Self.hexadecimal(high) + Self.hexadecimal(low)
  }

  /// Nil for every other name.
  init?(_ text: some StringProtocol) {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == 32,
      parts[1].allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
      let stage = Stage(rawValue: String(decoding: parts[0], as: UTF8.self))
    else { return nil }
    (self.stage, digits) = (stage, String(decoding: parts[1], as: UTF8.self))
  }

  func at(_ stage: Stage) -> DropName {
    var name = self
    name.stage = stage
    return name
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension DropName: CustomStringConvertible {
  var description: String { "\(stage.rawValue)-\(digits)" }
}
