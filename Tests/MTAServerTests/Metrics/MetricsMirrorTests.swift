import CoreMetrics
import MTASystem
import NIOConcurrencyHelpers
import Testing

@testable import MTAServer

/// What a backend of swift-metrics gets.
@Suite struct MetricsMirrorTests {
  /// Notes each event as a line.
  private final class Notes: MetricsFactory, Sendable {
    let lines = NIOLockedValueBox<[String]>([])
    let handlers = NIOLockedValueBox(0)

    fileprivate func handler(_ label: String, _ dimensions: [(String, String)]) -> Note {
      handlers.withLockedValue { $0 += 1 }
      let labels = dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
      return Note(name: "\(label)[\(labels)]") { line in self.lines.withLockedValue { $0.append(line) } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { handler(label, dimensions) }
    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { handler(label, dimensions) }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
      handler(label, dimensions)
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { handler(label, dimensions) }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
  }

  private final class Note: CounterHandler, MeterHandler, RecorderHandler, TimerHandler, Sendable {
    let name: String
    let tell: @Sendable (String) -> Void

    init(name: String, tell: @escaping @Sendable (String) -> Void) { (self.name, self.tell) = (name, tell) }

    func increment(by count: Int64) { tell("\(name) +\(count)") }
    func reset() {}
    func set(_ value: Int64) { tell("\(name) =\(value)") }
    func set(_ value: Double) { tell("\(name) =\(value)") }
    func increment(by value: Double) {}
    func decrement(by value: Double) {}
    func record(_ value: Int64) { tell("\(name) \(value)") }
    func record(_ value: Double) {}
    func recordNanoseconds(_ duration: Int64) { tell("\(name) \(duration) ns") }
  }

  @Test func aBackendGetsTheSameEvents() {
    let notes = Notes()
    let meters = Meters(MeterPage(), mirror: MetricsMirror(notes))
    let table = MeterTable.own
    meters.add(table.logins, 1)
    meters.add(table.logins, 1, by: 2)
    meters.set(table.connections, to: 4)
    meters.set(table.processorTime, 2, to: 500)
    meters.set(table.processorTime, 2, to: 700)
    meters.record(table.commitTime, time: .milliseconds(2))
    meters.record(table.mailSize, value: 77)
    #expect(
      notes.lines.withLockedValue { $0 } == [
        "mta_logins_total[result=refused] +1", "mta_logins_total[result=refused] +2", "mta_connections[] =4.0",
        "mta_process_cpu_seconds_total[role=queue] +500", "mta_process_cpu_seconds_total[role=queue] +200",
        "mta_commit_seconds[] 2000000 ns", "mta_mail_bytes[] 77",
      ])
    // A handler is made once.
    #expect(notes.handlers.withLockedValue { $0 } == 5)
    #expect(MeterSum([meters.page]).value(table.logins, 1) == 3)
  }
}
