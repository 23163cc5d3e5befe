import MTAReceiver
import NIOConcurrencyHelpers

/// An event loop without a thread: jobs wait until the test turns it.
final class ManualLoop: ConnectionLoop {
  private struct State {
    var jobs: [UnownedJob] = []
    var now = Duration.zero
    var pumps: [ConnectionPump] = []
  }

  private let state = NIOLockedValueBox(State())

  var now: Duration { state.withLockedValue { $0.now } }

  func add(_ pump: ConnectionPump) { state.withLockedValue { $0.pumps.append(pump) } }
  func remove(_ pump: ConnectionPump) { state.withLockedValue { $0.pumps.removeAll { $0 === pump } } }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLockedValue { $0.jobs.append(job) }
  }

  /// Runs what waits, on the caller's thread; false when nothing did.
  func turn() -> Bool {
    var ran = false
    while let job = state.withLockedValue({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
      job.runSynchronously(on: asUnownedTaskExecutor())
      ran = true
    }
    return ran
  }

  /// Moves the time on, second by second, and lets connections see each.
  func advance(by duration: Duration) {
    var left = duration
    while left > .zero {
      let step = min(left, .seconds(1))
      left -= step
      let pumps = state.withLockedValue { state in
        state.now += step
        return state.pumps
      }
      for pump in pumps { pump.tick() }
      _ = turn()
    }
  }
}
