import CoreMetrics
import MTASystem
import NIOConcurrencyHelpers

/// Gives each event to the backend that the program bootstrapped by `MetricsSystem`: names, labels and units are those of `/metrics`,
/// without the endings that are Prometheus's own. Times are timers, in nanoseconds.
///
/// A handler is made at the first event of its series, and kept.
final class MetricsMirror: MeterMirror {
  private enum Handler {
    case counter(any CounterHandler)
    case gauge(any MeterHandler)
    case recorder(any RecorderHandler)
    case timer(any TimerHandler)
  }

  private let factory: any MetricsFactory
  private let handlers = NIOLockedValueBox<[Int: Handler]>([:])

  /// Nil if the program has no backend.
  static var own: MetricsMirror? {
    let factory = MetricsSystem.factory
    return factory is NOOPMetricsHandler ? nil : MetricsMirror(factory)
  }

  init(_ factory: any MetricsFactory) { self.factory = factory }

  func add(_ count: Int, _ meter: MeterPlace, _ slot: Int) {
    if case .counter(let counter) = handler(meter, slot) { counter.increment(by: Int64(count)) }
  }

  func set(_ value: Int, after before: Int, _ meter: MeterPlace, _ slot: Int) {
    switch handler(meter, slot) {
    case .gauge(let gauge): gauge.set(Self.scaled(value, MeterTable.own.families[meter.family].unit))
    case .counter(let counter): counter.increment(by: Int64(max(0, value - before)))
    case .recorder, .timer: break
    }
  }

  func record(_ value: Int, _ meter: MeterPlace, _ slot: Int) {
    switch handler(meter, slot) {
    case .timer(let timer):
      let (nanoseconds, isLarger) = Int64(value).multipliedReportingOverflow(by: 1000)
      timer.recordNanoseconds(isLarger ? .max : nanoseconds)
    case .recorder(let recorder): recorder.record(Int64(value))
    case .counter, .gauge: break
    }
  }

  private static func scaled(_ value: Int, _ unit: MeterFamily.Unit) -> Double {
    unit == .seconds ? Double(value) / 1_000_000 : Double(value)
  }

  private func handler(_ meter: MeterPlace, _ slot: Int) -> Handler {
    handlers.withLockedValue { handlers in
      if let handler = handlers[slot] { return handler }
      let handler = make(MeterTable.own.families[meter.family], slot)
      handlers[slot] = handler
      return handler
    }
  }

  private func make(_ family: MeterFamily, _ slot: Int) -> Handler {
    let labels = family.labels(at: slot)
    switch (family.kind, family.unit) {
    case (.counter, _): return .counter(factory.makeCounter(label: family.name, dimensions: labels))
    case (.gauge, _): return .gauge(factory.makeMeter(label: family.name, dimensions: labels))
    case (.histogram, .seconds): return .timer(factory.makeTimer(label: family.name, dimensions: labels))
    case (.histogram, .plain):
      return .recorder(factory.makeRecorder(label: family.name, dimensions: labels, aggregate: true))
    }
  }
}
