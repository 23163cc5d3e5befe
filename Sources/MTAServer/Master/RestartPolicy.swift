import MTASystem

/// When a child that ended by itself is started again: at once, but from the third end within five seconds on after 1, 2, 4 … 30
/// seconds.
struct RestartPolicy: Sendable {
  private static let window: Int64 = 5_000_000_000
  private static let longest = 30

  /// The ends since the last that was no trouble.
  private var ends: [MonotonicInstant] = []
  /// Seconds before the last start.
  private var pause = 0

  /// - Returns: seconds until the next start.
  mutating func ended(at now: MonotonicInstant) -> Int {
    let window = Self.window &+ Int64(pause) * 1_000_000_000
    if pause > 0 {
      // Its pause does not belong to its life.
      let isShort = ends.last.map { now.nanoseconds &- $0.nanoseconds <= window } ?? false
      if isShort {
        ends = [now]
        pause = min(pause * 2, Self.longest)
        return pause
      }
      pause = 0
      ends = []
    }
    ends.removeAll { now.nanoseconds &- $0.nanoseconds > Self.window }
    ends.append(now)
    pause = ends.count >= 3 ? 1 : 0
    return pause
  }
}
