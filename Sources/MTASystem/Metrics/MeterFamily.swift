/// One family of metrics: a row of ``MeterTable``.
package struct MeterFamily: Sendable {
  package enum Kind: String, Sendable { case counter, gauge, histogram }

  /// What a slot counts.
  package enum Unit: Sendable {
    case plain
    /// Slots have microseconds; texts have seconds.
    case seconds
  }

  package struct Label: Sendable {
    package let name: String
    package let values: [String]
  }

  package let name: String
  package let kind: Kind
  package let unit: Unit
  /// What it says, as a sentence.
  package let help: String
  package let labels: [Label]
  let meter: MeterPlace

  /// A histogram's bounds, in the unit of its slots.
  var bounds: [UInt64] { meter.bounds.values }

  /// Series with a value of each label.
  package var seriesCount: Int { labels.reduce(1) { $0 * $1.values.count } }

  /// Of families with so many series texts have only those that were counted.
  var isSparse: Bool { kind != .gauge && seriesCount > 16 }

  /// The places of the labels' values in a series.
  func places(of series: Int) -> [Int] {
    var rest = series
    var places: [Int] = []
    for label in labels.reversed() {
      places.append(rest % label.values.count)
      rest /= label.values.count
    }
    return places.reversed()
  }
}

/// Gives each family its slots, in order.
struct MeterPlan {
  private(set) var families: [MeterFamily] = []
  /// The first slot that is free. Before it stands the head of a page.
  private(set) var end = MeterPage.head

  mutating func counter(
    _ name: String, in unit: MeterFamily.Unit = .plain, _ help: String, _ labels: MeterFamily.Label...
  ) -> MeterPlace {
    add(.counter, name, unit, help, labels, [])
  }

  mutating func gauge(
    _ name: String, in unit: MeterFamily.Unit = .plain, _ help: String, _ labels: MeterFamily.Label...
  ) -> MeterPlace {
    add(.gauge, name, unit, help, labels, [])
  }

  mutating func histogram(
    _ name: String, in unit: MeterFamily.Unit = .plain, _ help: String, _ bounds: [UInt64],
    _ labels: MeterFamily.Label...
  ) -> MeterPlace {
    add(.histogram, name, unit, help, labels, bounds)
  }

  private mutating func add(
    _ kind: MeterFamily.Kind, _ name: String, _ unit: MeterFamily.Unit, _ help: String, _ labels: [MeterFamily.Label],
    _ bounds: [UInt64]
  ) -> MeterPlace {
    func count(_ place: Int) -> Int { place < labels.count ? labels[place].values.count : 1 }
    // Buckets, the one without a bound, and the sum.
    let stride = kind == .histogram ? bounds.count + 2 : 1
    let meter = MeterPlace(
      family: families.count, first: end, counts: (count(0), count(1), count(2)), stride: stride,
      bounds: MeterBounds(bounds))
    let family = MeterFamily(name: name, kind: kind, unit: unit, help: help, labels: labels, meter: meter)
    families.append(family)
    end += family.seriesCount * stride
    return meter
  }
}

extension MeterFamily {
  /// The labels of the series that begins at a slot.
  package func labels(at slot: Int) -> [(String, String)] {
    let series = min(max(0, (slot - meter.first) / meter.stride), seriesCount - 1)
    return zip(labels, places(of: series)).map { ($0.name, $0.values[$1]) }
  }
}
