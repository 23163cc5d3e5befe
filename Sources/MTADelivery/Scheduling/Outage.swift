import MTACore

/// A destination that no server of could be reached is left alone for a while: what comes for it meanwhile is deferred without
/// another attempt. Each further failure doubles the time, within ``LanePolicy``'s bounds; one success ends it.
struct Outage: Sendable {
  private var length: Duration
  private(set) var end: Timestamp
  /// What was said when it was last tried.
  private(set) var attempt: Attempt
  /// Troubled deliveries in a row.
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
