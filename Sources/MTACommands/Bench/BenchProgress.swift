import MTACore
import Synchronization

/// The line of a load on a terminal: mails, those that are left, rate, failures.
final class BenchProgress: Sendable {
  private let state: Mutex<Progress>
  private let count: Int?

  init(_ plan: BenchPlan) {
    count = if case .mails(let count) = plan.end { count } else { nil }
    state = Mutex(Progress("mails"))
  }

  func show(_ settled: Int, failed: Int, _ elapsed: Duration) {
    state.withLock { $0.show(done: settled, left: count.map { $0 - settled }, elapsed, failed: failed) }
  }

  func end() { state.withLock { $0.end() } }
}
