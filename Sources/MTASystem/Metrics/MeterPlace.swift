/// A handle of one family of ``MeterTable``: where its slots are in a ``MeterPage``. It is a plain value, so an event costs no look-up.
package struct MeterPlace: Sendable {
  /// The place among ``MeterTable/families``.
  package let family: Int
  let first: Int
  /// The numbers of values of its labels; 1 where there is no label.
  let counts: (Int, Int, Int)
  /// Slots of one series: 1, or of a histogram its buckets and its sum.
  let stride: Int
  let bounds: MeterBounds

  /// The first slot of a series. Places beyond the last value are the last value, which is `other` in most families.
  func slot(_ a: Int, _ b: Int, _ c: Int) -> Int {
    func bounded(_ place: Int, _ count: Int) -> Int { min(max(0, place), count &- 1) }
    let series = (bounded(a, counts.0) &* counts.1 &+ bounded(b, counts.1)) &* counts.2 &+ bounded(c, counts.2)
    return first &+ series &* stride
  }
}

/// The upper bounds of a histogram's buckets. They are made once and stay for the life of the process.
///
/// `@unchecked`: nobody writes there after the start.
package struct MeterBounds: @unchecked Sendable {
  private let first: UnsafeMutablePointer<UInt64>
  let count: Int

  init(_ values: [UInt64]) {
    first = .allocate(capacity: max(1, values.count))
    count = values.count
    for (place, value) in values.enumerated() { (first + place).initialize(to: value) }
  }

  var values: [UInt64] { (0..<count).map { first[$0] } }

  /// The bucket that a value falls into; ``count`` above all bounds.
  func bucket(of value: UInt64) -> Int {
    for place in 0..<count where value <= first[place] { return place }
    return count
  }
}
