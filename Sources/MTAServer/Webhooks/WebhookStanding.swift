import MTACore
import MTADelivery
import MTASystem

/// How the endpoint is doing, and so how much may be sent to it: a value without I/O.
///
/// | endpoint | requests at a time |
/// |---|---|
/// | takes events | all connections |
/// | failed last time | one, after a pause: 1, 2, 4 … seconds, or as long as it asked for |
/// | said 410 | none, before the next start |
struct WebhookStanding: Sendable {
  /// The first pause after a failure, and the longest.
  var pauses: ClosedRange<Duration> = .seconds(1) ... .seconds(300)
  /// Failures in a row, from which on it is an outage.
  static let outage = 3

  private(set) var failures = 0
  private(set) var isGone = false
  private var pausedUntil = MonotonicInstant(nanoseconds: .min)

  enum Change: Hashable {
    case outage(reason: String)
    case gone
    /// After an outage: what waits for its time may go at once.
    case back
  }

  var flows: Bool { !isGone && failures < Self.outage }

  /// How many more may be sent now.
  func room(of connections: Int, underWay: Int, at now: MonotonicInstant) -> Int {
    if isGone { return 0 }
    if failures == 0 { return max(0, connections - underWay) }
    return underWay == 0 && now >= pausedUntil ? 1 : 0
  }

  mutating func note(_ answer: WebhookAnswer, at now: MonotonicInstant) -> Change? {
    switch answer {
    case .taken, .refused:
      defer { failures = 0 }
      return failures >= Self.outage ? .back : nil
    case .gone:
      defer { isGone = true }
      return isGone ? nil : .gone
    case .away(let reason, let after):
      failures += 1
      var pause = pauses.lowerBound
      for _ in 1..<min(failures, 32) where pause < pauses.upperBound { pause += pause }
      pause = max(min(pause, pauses.upperBound), .seconds(after ?? 0))
      pausedUntil = now.after(milliseconds: pause.wholeMilliseconds)
      return failures == Self.outage ? .outage(reason: reason) : nil
    }
  }

  /// When an event is sent again that was tried so often.
  static func wait(after attempts: Int) -> Duration {
    let waits: [Int64] = [5, 30, 120, 600, 1800]
    return .seconds(waits.indices.contains(attempts) ? waits[attempts] : 3600)
  }
}
