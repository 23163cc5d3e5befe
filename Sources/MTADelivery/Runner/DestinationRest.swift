import MTACore

/// A destination that no server of could be reached is left alone for a while: what comes for it meanwhile is deferred without
/// another attempt. Each further failure doubles the time, from half a minute to ten; one success ends it.
struct DestinationRest: Sendable {
  private static let first: Duration = .seconds(30)
  private static let longest: Duration = .seconds(600)

  private var length: Duration
  private(set) var until: Timestamp
  /// What was said when it was last tried.
  private(set) var attempt: Attempt

  init(after attempt: Attempt, at now: Timestamp) {
    length = Self.first
    until = now + length
    self.attempt = attempt
  }

  mutating func failedAgain(_ attempt: Attempt, at now: Timestamp) {
    // Several workers fail at once, on the same trouble.
    guard now >= until else { return }
    length = min(length * 2, Self.longest)
    until = now + length
    self.attempt = attempt
  }
}
