import Synchronization

/// The order of the mails of a load: hands out their numbers until it is over. All threads share it.
final class BenchTurns: Sendable {
  struct Turn: Hashable, Sendable {
    var number: Int
    /// Not to be sent before; nil: at once.
    var due: ContinuousClock.Instant?
  }

  private let start: ContinuousClock.Instant
  private let end: BenchPlan.End
  private let rate: Double?
  private let next = Atomic(0)
  private let isStopped = Atomic(false)
  private let settled = Atomic(0)
  private let failed = Atomic(0)

  init(_ plan: BenchPlan, start: ContinuousClock.Instant) {
    self.start = start
    end = plan.end
    rate = plan.rate
  }

  /// The next mail; nil: there are no more.
  func take(now: ContinuousClock.Instant) -> Turn? {
    guard !isStopped.load(ordering: .relaxed) else { return nil }
    if case .time(let time) = end, now >= start + time { return nil }
    let number = next.add(1, ordering: .relaxed).oldValue
    if case .mails(let count) = end, number >= count { return nil }
    guard let rate else { return Turn(number: number) }
    let due = start + .seconds(Double(number) / rate)
    if case .time(let time) = end, due >= start + time { return nil }
    return Turn(number: number, due: due)
  }

  /// No more mails are begun.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  func settle(isTaken: Bool) {
    settled.add(1, ordering: .relaxed)
    if !isTaken { failed.add(1, ordering: .relaxed) }
  }

  /// For whoever watches: mails that are settled, and those of them that the server did not take.
  var progress: (settled: Int, failed: Int) {
    (settled.load(ordering: .relaxed), failed.load(ordering: .relaxed))
  }
}
