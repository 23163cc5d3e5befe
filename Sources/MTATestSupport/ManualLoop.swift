import MTADelivery
package import MTAReceiver
import NIOConcurrencyHelpers

/// An event loop without a thread: jobs wait until the test turns it.
package final class ManualLoop: ConnectionLoop, LinkLoop {
  private struct State {
    var jobs: [UnownedJob] = []
    var now = Duration.zero
    var pumps: [ConnectionPump] = []
    var alarms: [Int: (time: Duration, body: @Sendable () -> Void)] = [:]
    var alarmCount = 0
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  package var now: Duration { state.withLockedValue { $0.now } }

  package func add(_ pump: ConnectionPump) { state.withLockedValue { $0.pumps.append(pump) } }
  package func remove(_ pump: ConnectionPump) { state.withLockedValue { $0.pumps.removeAll { $0 === pump } } }

  package func wake(at time: Duration, _ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
    let number = state.withLockedValue { state in
      state.alarmCount += 1
      state.alarms[state.alarmCount] = (time, body)
      return state.alarmCount
    }
    return { self.state.withLockedValue { $0.alarms[number] = nil } }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLockedValue { $0.jobs.append(job) }
  }

  /// Runs what waits, on the caller's thread; false when nothing did.
  @discardableResult package func turn() -> Bool {
    var ran = false
    while let job = state.withLockedValue({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
      job.runSynchronously(on: asUnownedTaskExecutor())
      ran = true
    }
    return ran
  }

  /// Moves the time on, second by second, and lets connections see each.
  package func advance(by duration: Duration) {
    var left = duration
    while left > .zero {
      let step = min(left, .seconds(1))
      left -= step
      let (pumps, due) = state.withLockedValue { state in
        state.now += step
        let due = state.alarms.filter { $0.value.time <= state.now }
        for number in due.keys { state.alarms[number] = nil }
        return (state.pumps, due.sorted { $0.key < $1.key }.map(\.value.body))
      }
      for pump in pumps { pump.tick() }
      for body in due { body() }
      turn()
    }
  }
}
