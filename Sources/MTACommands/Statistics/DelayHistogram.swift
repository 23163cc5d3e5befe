/// Times, for percentiles. Each is kept to 3 % of its value, up to three months of milliseconds (two hours of microseconds), in memory
/// that does not grow.
struct DelayHistogram {
  /// Values below are kept exactly; above, each doubling has as many steps.
  private static let steps = 32
  private static let doublings = 29

  private var counts = [Int](repeating: 0, count: steps * doublings)
  private(set) var count = 0

  mutating func add(_ time: Int) {
    counts[Self.place(of: max(0, time))] += 1
    count += 1
  }

  mutating func add(_ histogram: DelayHistogram) {
    for index in counts.indices { counts[index] += histogram.counts[index] }
    count += histogram.count
  }

  /// - Parameter share: 0.5 is the median.
  /// - Returns: the time that this share of all values does not exceed; nil if there are none.
  func percentile(_ share: Double) -> Int? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((share * Double(count)).rounded(.up)))
    var seen = 0
    for (index, amount) in counts.enumerated() {
      seen += amount
      if seen >= rank { return Self.value(at: index) }
    }
    return nil
  }

  private static func place(of value: Int) -> Int {
    if value < steps { return value }
    let shift = Int.bitWidth - value.leadingZeroBitCount - 6
    // `value >> shift` is at least half of the steps, and less than twice as many.
    let place = (shift + 1) * steps + (value >> shift) - steps
    return min(place, steps * doublings - 1)
  }

  /// The middle of a place.
  private static func value(at place: Int) -> Int {
    if place < 2 * steps { return place }
    let shift = place / steps - 1
    return ((place % steps + steps) << shift) + (1 << shift) / 2
  }
}
