import MTACore
import MTADelivery
import MTAServer
import Synchronization

/// The line of `run-queue` on a terminal: counts outcomes as they come. Reports that come of them are among those done, too.
final class QueueProgress: Sendable {
  private struct State {
    var progress = Progress("copies")
    var due: Int?
    var done = 0
    var failed = 0
    var start = ContinuousClock.now
  }

  private let state = Mutex(State())

  func begin(due: Int) {
    state.withLock {
      $0.due = due
      $0.start = .now
    }
  }

  private func count(_ amount: Int = 1, failed: Int = 0) {
    state.withLock { state in
      state.done += amount
      state.failed += failed
      let left = state.due.map { $0 - state.done }
      state.progress.show(done: state.done, left: left, state.start.duration(to: .now), failed: state.failed)
    }
  }

  func end() { state.withLock { $0.progress.end() } }
}

extension QueueProgress: DeliveryObserver {
  func delivered(_ event: DeliveryEvent.Outcome) async { count() }
  func deferred(_ event: DeliveryEvent.Outcome) async { count() }
  func failed(_ event: DeliveryEvent.Outcome) async { count(failed: 1) }
  func held(_ event: DeliveryEvent.Outcome) async { count() }
  func lost(_ count: Int) async { self.count(count) }
}

extension MailServer.Parts {
  /// Another observer, beside the program's own.
  mutating func watch(by observer: some DeliveryObserver) {
    let own = deliveryObservers
    deliveryObservers = { try (own?() ?? []) + [observer] }
  }
}
