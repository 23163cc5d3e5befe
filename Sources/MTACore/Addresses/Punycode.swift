/// Unicode in the letters, digits and hyphens of host names (RFC 3492).
enum Punycode {
  // RFC 3492 §5
  private static let base: UInt32 = 36
  private static let leastThreshold: UInt32 = 1
  private static let greatestThreshold: UInt32 = 26
  private static let skew: UInt32 = 38
  private static let damping: UInt32 = 700
  private static let firstBias: UInt32 = 72

  /// The encoded form, without the `xn--` of an A-label. ASCII goes through as it is. Nil when a number grows beyond 32
  /// bits (RFC 3492 §6.4), which no label of a host name can reach.
  static func encode(_ scalars: [Unicode.Scalar]) -> [UInt8]? {
    var output = scalars.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
    let basic = UInt32(truncatingIfNeeded: output.count)
    var handled = basic
    if basic > 0 { output.append(UInt8(ascii: "-")) }
    var reached: UInt32 = 0x80
    var delta: UInt32 = 0
    var bias = firstBias
    while handled < scalars.count {
      guard let next = scalars.lazy.map(\.value).filter({ $0 >= reached }).min() else { return nil }
      let (jump, jumpOverflows) = (next - reached).multipliedReportingOverflow(by: handled + 1)
      let (sum, sumOverflows) = delta.addingReportingOverflow(jump)
      guard !jumpOverflows, !sumOverflows else { return nil }
      delta = sum
      for scalar in scalars {
        if scalar.value < next {
          guard delta < .max else { return nil }
          delta += 1
        } else if scalar.value == next {
          append(delta, bias, to: &output)
          bias = adapted(delta, count: handled + 1, isFirst: handled == basic)
          delta = 0
          handled += 1
        }
      }
      guard delta < .max else { return nil }
      delta += 1
      reached = next + 1
    }
    return output
  }

  /// What a form encodes (RFC 3492 §6.2); nil for what no text has, such as a number that breaks off or leads beyond Unicode.
  static func decode(_ encoded: some BidirectionalCollection<UInt8>) -> [Unicode.Scalar]? {
    guard encoded.count <= 63, encoded.allSatisfy({ $0 < 128 }) else { return nil }
    var scalars: [Unicode.Scalar] = []
    var digits = encoded[...]
    if let delimiter = encoded.lastIndex(of: UInt8(ascii: "-")) {
      scalars = encoded[..<delimiter].map { Unicode.Scalar($0) }
      digits = encoded[encoded.index(after: delimiter)...]
    }
    var reached: UInt32 = 0x80
    var place: UInt32 = 0
    var bias = firstBias
    while !digits.isEmpty {
      let before = place
      guard let sum = number(&digits, bias, from: place) else { return nil }
      let count = UInt32(truncatingIfNeeded: scalars.count) + 1
      bias = adapted(sum - before, count: count, isFirst: before == 0)
      let (next, overflows) = reached.addingReportingOverflow(sum / count)
      guard !overflows, let scalar = Unicode.Scalar(next) else { return nil }
      reached = next
      place = sum % count
      scalars.insert(scalar, at: Int(place))
      place += 1
    }
    return scalars
  }

  /// A number of variable length, added to another; nil when it breaks off or grows beyond 32 bits.
  private static func number<Digits: Collection<UInt8>>(_ digits: inout Digits, _ bias: UInt32, from start: UInt32)
    -> UInt32? where Digits.SubSequence == Digits
  {
    var sum = start
    var weight: UInt32 = 1
    var position = base
    while let byte = digits.popFirst() {
      guard let digit = value(of: byte) else { return nil }
      let (product, productOverflows) = digit.multipliedReportingOverflow(by: weight)
      let (next, sumOverflows) = sum.addingReportingOverflow(product)
      guard !productOverflows, !sumOverflows else { return nil }
      sum = next
      let threshold = threshold(position, bias)
      if digit < threshold { return sum }
      let (heavier, overflows) = weight.multipliedReportingOverflow(by: base - threshold)
      guard !overflows else { return nil }
      weight = heavier
      position += base
    }
    return nil
  }

  private static func threshold(_ position: UInt32, _ bias: UInt32) -> UInt32 {
    position <= bias ? leastThreshold : min(max(position - bias, leastThreshold), greatestThreshold)
  }

  private static func value(of byte: UInt8) -> UInt32? {
    switch byte {
    case 48...57: UInt32(byte - 22)
    case 65...90: UInt32(byte - 65)
    case 97...122: UInt32(byte - 97)
    default: nil
    }
  }

  /// RFC 3492 §6.3: a number of variable length.
  private static func append(_ number: UInt32, _ bias: UInt32, to output: inout [UInt8]) {
    var rest = number
    var position = base
    while true {
      let threshold = threshold(position, bias)
      guard rest >= threshold else { break }
      output.append(digit(threshold + (rest - threshold) % (base - threshold)))
      rest = (rest - threshold) / (base - threshold)
      position += base
    }
    output.append(digit(rest))
  }

  /// RFC 3492 §6.1
  private static func adapted(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
    var delta = isFirst ? delta / damping : delta / 2
    delta += delta / count
    var bias: UInt32 = 0
    while delta > (base - leastThreshold) * greatestThreshold / 2 {
      delta /= base - leastThreshold
      bias += base
    }
    return bias + (base - leastThreshold + 1) * delta / (delta + skew)
  }

  /// `a` to `z`, then `0` to `9`.
  private static func digit(_ value: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: value < 26 ? 97 + value : 22 + value)
  }
}
