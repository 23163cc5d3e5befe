import Synchronization

/// Where this process counts: its ``MeterPage``, and the backend of the program if it has one. Nil in place of it: nothing is counted.
///
/// A count is one atomic addition. Nothing is allocated, and nobody waits.
package final class Meters: Sendable {
  package let page: MeterPage
  private let mirror: (any MeterMirror)?

  package init(_ page: MeterPage, mirror: (any MeterMirror)? = nil) {
    self.page = page
    self.mirror = mirror
  }

  /// Counts. `a`, `b` and `c` are the places of the labels' values, in their order.
  package func add(_ meter: MeterPlace, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, by count: Int = 1) {
    guard count > 0 else { return }
    let slot = meter.slot(a, b, c)
    page.slots[slot].wrappingAdd(UInt64(count), ordering: .relaxed)
    mirror?.add(count, meter, slot)
  }

  /// Sets a gauge; or a counter that the system counts for this process.
  package func set(_ meter: MeterPlace, _ a: Int = 0, _ b: Int = 0, to value: Int) {
    let slot = meter.slot(a, b, 0)
    let before = page.slots[slot].exchange(UInt64(max(0, value)), ordering: .relaxed)
    mirror?.set(max(0, value), after: Int(truncatingIfNeeded: before), meter, slot)
  }

  /// Records a time in a histogram.
  package func record(_ meter: MeterPlace, _ a: Int = 0, time: Duration) {
    record(meter, a, value: Int(clamping: time.wholeMicroseconds))
  }

  /// Records a value in a histogram, in the unit of its slots.
  package func record(_ meter: MeterPlace, _ a: Int = 0, value: Int) {
    let value = UInt64(max(0, value))
    let slot = meter.slot(a, 0, 0)
    page.slots[slot &+ meter.bounds.bucket(of: value)].wrappingAdd(1, ordering: .relaxed)
    page.slots[slot &+ meter.bounds.count &+ 1].wrappingAdd(value, ordering: .relaxed)
    mirror?.record(Int(clamping: value), meter, slot)
  }
}

/// Gets the same events: a backend of swift-metrics. Its methods return at once.
package protocol MeterMirror: Sendable {
  func add(_ count: Int, _ meter: MeterPlace, _ slot: Int)
  func set(_ value: Int, after before: Int, _ meter: MeterPlace, _ slot: Int)
  func record(_ value: Int, _ meter: MeterPlace, _ slot: Int)
}

extension Duration {
  /// Rounded toward zero, and bounded.
  package var wholeMicroseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, isLarger) = seconds.multipliedReportingOverflow(by: 1_000_000)
    return isLarger ? (seconds < 0 ? .min : .max) : scaled &+ attoseconds / 1_000_000_000_000
  }
}
