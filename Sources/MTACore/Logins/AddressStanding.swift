/// What an address has tried: how many of its tries are under way or were refused lately, and which wait.
struct AddressStanding: WeighedRecord {
  /// Those that were refused in the last minute.
  var tries = RecentTries()
  var checking = 0
  /// The numbers of those that wait, in their order.
  var waiting: [UInt64] = []
  /// Until when the latest answer is held back.
  private var heldUntil: Timestamp?
  private var refusals = 0
  private var refusedAt: Timestamp?
  /// When it was last told that there are too many.
  var toldAt: Timestamp?

  func worth(at now: Timestamp) -> Int64? {
    if checking > 0 || !waiting.isEmpty { return nil }
    guard let refusedAt, refusedAt + LoginPolicy.refusalMemory > now else {
      // Tries whose clients left count as well, for their minute.
      return tries.latest.map { $0 + .seconds(60) > now } ?? false ? 1 : 0
    }
    return Int64(min(refusals, 1000)) << 44 + min(max(refusedAt.seconds, 1), 1 << 40)
  }

  /// Refusals that are remembered.
  mutating func refusals(at now: Timestamp) -> Int {
    if let refusedAt, refusedAt + LoginPolicy.refusalMemory <= now { refusals = 0 }
    return refusals
  }

  /// What the answers that stand before a further try may take, if all that are under way are refused.
  mutating func ahead(at now: Timestamp) -> Duration {
    let known = refusals(at: now)
    // A clock that was set back must not hold anybody for longer than an answer is ever held.
    if let until = heldUntil { heldUntil = min(until, now + LoginPolicy.longestHold) }
    let held = max((heldUntil ?? now) - now, .zero)
    guard checking > 0 else { return held }
    return (1...min(checking, 100)).reduce(held) { $0 + LoginPolicy.delay(ofRefusal: known + $1) }
  }

  /// Counts a refusal.
  ///
  /// - Parameters:
  ///   - start: when the try began to be checked.
  ///   - ready: when no check of a password begun at `start` is still under way.
  /// - Returns: when to answer.
  mutating func refuse(begunAt start: Timestamp, ready: Timestamp, at now: Timestamp) -> Timestamp {
    refusals = refusals(at: now) + 1
    refusedAt = now
    let delay = LoginPolicy.delay(ofRefusal: refusals)
    // The shortest delay is within the time that every check takes.
    let free = max(ready - LoginPolicy.delay(ofRefusal: 1), heldUntil ?? start)
    let due = min(free + delay, ready + LoginPolicy.longestHold)
    heldUntil = due
    return due
  }
}

/// What an IPv6 /48 has tried, and what a network has for an account that logged in from there.
struct TryCount: WeighedRecord {
  var tries = RecentTries()
  var checking = 0

  func worth(at now: Timestamp) -> Int64? {
    if checking > 0 { return nil }
    guard let latest = tries.latest, latest + .seconds(60) > now else { return 0 }
    return max(latest.seconds, 1)
  }

  mutating func isBelow(_ limit: Int, at now: Timestamp) -> Bool {
    tries.count(within: .seconds(60), at: now) + checking < limit
  }
}
