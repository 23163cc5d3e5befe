/// When the latest tries were, as many as a limit needs to be judged by.
struct RecentTries: Hashable, Sendable {
  /// Oldest first.
  private var times: [Timestamp] = []

  /// How many there were within `span`, which is the same at each call.
  mutating func count(within span: Duration, at now: Timestamp) -> Int {
    // A clock that was set back must not make a minute last an hour.
    if let last = times.last, last > now { times = times.map { min($0, now) } }
    let start = now - span
    if let first = times.first, first <= start { times.removeAll { $0 <= start } }
    return times.count
  }

  /// - Parameter limit: older ones beyond it are forgotten.
  mutating func add(_ time: Timestamp, keeping limit: Int) {
    if times.count >= limit { times.removeFirst(times.count - limit + 1) }
    times.append(max(time, times.last ?? time))
  }

  var latest: Timestamp? { times.last }
  var isEmpty: Bool { times.isEmpty }
}
