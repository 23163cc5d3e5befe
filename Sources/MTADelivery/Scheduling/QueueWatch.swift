import MTACore

/// What the runner's loop remembers of the queue: when to search and look again, and whether leases may have been lost.
struct QueueWatch: Sendable {
  private let policy: LanePolicy
  /// When a claim that leaves lanes out may be made again.
  private(set) var nextSearch: Timestamp?
  /// When to look at the queue for due mail, and when that was found out.
  private var nextLook: (due: Timestamp, asked: Timestamp)?
  /// The queue's ``MTACore/ParcelQueue/changeNumber()`` at the last look.
  private var seenChange: Int64?
  /// Parcels may be leased to us without our knowing: a claim that seemed to fail may have leased them.
  var hasLostTrack = false
  /// The time since leases were renewed.
  private var sinceRenewal = Duration.zero

  init(_ policy: LanePolicy) { self.policy = policy }

  /// Whether a claim that leaves lanes out may be made. The time of day may have been set back.
  func maySearch(at now: Timestamp) -> Bool {
    nextSearch.map { now >= $0 || $0 > now + policy.longestSearchPause } ?? true
  }

  /// Notes a claim.
  mutating func claimed(_ count: Int, leavesOut: Bool, took duration: Duration, at now: Timestamp) {
    guard leavesOut else {
      nextSearch = nil
      return
    }
    // Nobody is served meanwhile: a search that takes long is not made often.
    let pause = max(count == 0 ? policy.searchPause : policy.shortSearchPause, duration * policy.searchWeight)
    nextSearch = now + min(pause, policy.longestSearchPause)
  }

  /// When something is due for which no bell rings.
  ///
  /// - Parameters:
  ///   - remainder: of the last claim. Mail that it left comes when there is room.
  ///   - nextDue: asks the queue.
  mutating func look(
    after remainder: ClaimRemainder, at now: Timestamp, _ nextDue: () async throws(StoreFailure) -> Timestamp?
  ) async throws(StoreFailure) -> Timestamp {
    // Whoever adds mail elsewhere cannot ring here, and not every queue tells of it: it is looked at again in any case.
    let later = now + policy.queueLook
    if remainder != .nothing { return later }
    // While mails come and go all the time, this is not asked for each of them.
    if let nextLook, nextLook.asked <= now, now < nextLook.asked + .seconds(1), now < nextLook.due {
      return min(nextLook.due, nextLook.asked + .seconds(1))
    }
    let due = try await nextDue() ?? later
    nextLook = (due, now)
    return due
  }

  /// Whether to renew leases: after each third of their time.
  mutating func isRenewal(after pause: Duration, lease: Duration) -> Bool {
    sinceRenewal += pause
    return sinceRenewal >= lease / 3
  }

  mutating func renewed() { sinceRenewal = .zero }

  /// Whether another process may have changed the queue.
  mutating func isNew(_ change: Int64?) -> Bool {
    defer { seenChange = change }
    return change != seenChange
  }
}
