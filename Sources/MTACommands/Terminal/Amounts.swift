import ArgumentParser
import MTACore

/// A time as people write it: `90s`, `15m`, `4h`, `2d`, `1w`; seconds without a letter.
struct TimeSpan: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard let (number, unit) = Amounts.split(argument) else { return nil }
    let seconds: Int64? =
      switch unit {
      case "", "s": 1
      case "m": 60
      case "h": 3600
      case "d": 86_400
      case "w": 604_800
      default: nil
      }
    guard let seconds else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: seconds)
    guard !overflow, product < 1 << 40 else { return nil }
    duration = .seconds(product)
  }
}

/// A number of bytes as people write it: `500`, `10k`, `2M`, `1G`, in powers of 1,024.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    guard let (number, unit) = Amounts.split(argument) else { return nil }
    let factor: Int64? =
      switch unit {
      case "", "b": 1
      case "k": 1 << 10
      case "m": 1 << 20
      case "g": 1 << 30
      default: nil
      }
    guard let factor else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow, let bytes = Int(exactly: product) else { return nil }
    self.bytes = bytes
  }
}

enum Amounts {
  /// A number and its unit, in small letters.
  static func split(_ text: String) -> (Int64, String)? {
    let digits = text.utf8.prefix { (48...57).contains($0) }
    guard !digits.isEmpty, let number = Int64(String(Substring(digits))) else { return nil }
    return (number, text.dropFirst(digits.count).lowercased())
  }

  /// `42s`, `15m`, `4h05`, `3d07`: never longer than six columns.
  static func age(_ seconds: Int64) -> String {
    let seconds = max(0, seconds)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3600: return "\(seconds / 60)m"
    case ..<86_400: return "\(seconds / 3600)h" + two(seconds % 3600 / 60)
    default: return "\(seconds / 86_400)d" + two(seconds % 86_400 / 3600)
    }
  }

  /// `512`, `4.2k`, `17M`, `1.5G`.
  static func bytes(_ count: Int) -> String {
    var value = Double(max(0, count))
    var unit = ""
    for next in ["k", "M", "G"] where value >= 1000 {
      value /= 1024
      unit = next
    }
    if unit.isEmpty { return "\(count)" }
    let tenths = Int((value * 10).rounded())
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10)\(unit)" : "\((tenths + 5) / 10)\(unit)"
  }
}
