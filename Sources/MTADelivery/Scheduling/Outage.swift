import MTACore

/// A destination none of whose servers could be reached is left alone for a while. Mail for it is deferred without another attempt.
/// Each further failure doubles the time, within the bounds of ``LanePolicy``; one success ends the outage.
struct Outage: Sendable {
  private var length: Duration
  private(set) var end: Timestamp
  /// The result of the last attempt.
  private(set) var attempt: Attempt
  /// The number of troubled deliveries in a row.
  var troubles = 0

  init(after attempt: Attempt, at now: Timestamp, _ policy: LanePolicy) {
    length = policy.shortestOutage
    end = now + length
    self.attempt = attempt
  }

  mutating func failedAgain(_ attempt: Attempt, at now: Timestamp, _ policy: LanePolicy) {
    // Several workers fail at once, on the same trouble.
    guard now >= end else { return }
    length = min(length * 2, policy.longestOutage)
    end = now + length
    self.attempt = attempt
  }
}
