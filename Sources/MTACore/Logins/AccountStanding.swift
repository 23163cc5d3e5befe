/// How many logins of an account were refused within the hour. If they are too many, it also decides which stranger's try is still
/// checked.
///
/// Of the networks that ask in a minute one is drawn: first by lot among those that never were, then the one that was drawn longest
/// ago. It has its try at once or within ``passLife``. Asking often or first does not matter.
struct AccountStanding: WeighedRecord {
  static let passLife = Duration.seconds(300)
  private static let hour = Duration.seconds(3600)
  private static let minute = Duration.seconds(60)
  /// The number of drawn networks that are remembered.
  private static let maximumDrawn = 64

  private var refusals = RecentTries()
  /// Tries of strangers that are under way.
  var checking = 0
  private var nextDraw: Timestamp?
  private var best: (network: ContactKey, rank: Rank)?
  private var lot = 0
  private var passes: [(network: ContactKey, until: Timestamp)] = []
  private var drawn: [(network: ContactKey, at: Timestamp)] = []
  /// When it was last told that there are too many.
  var toldAt: Timestamp?

  /// The least is drawn.
  private struct Rank: Comparable {
    var drawnAt: Int64
    /// Of a function that no stranger knows.
    var lot: Int

    static func < (a: Self, b: Self) -> Bool { (a.drawnAt, a.lot) < (b.drawnAt, b.lot) }
  }

  func worth(at now: Timestamp) -> Int64? {
    if checking > 0 { return nil }
    var refusals = refusals
    let count = refusals.count(within: Self.hour, at: now)
    return count == 0 ? 0 : Int64(count) << 44 + min(max(refusals.latest?.seconds ?? 1, 1), 1 << 40)
  }

  mutating func isLocked(beyond limit: Int, at now: Timestamp) -> Bool {
    if refusals.count(within: Self.hour, at: now) >= limit { return true }
    nextDraw = nil
    best = nil
    passes = []
    return false
  }

  /// As many strangers' tries are under way as may still be refused.
  mutating func isBusy(below limit: Int, at now: Timestamp) -> Bool {
    refusals.count(within: Self.hour, at: now) + checking >= limit
  }

  mutating func refuse(limit: Int, at now: Timestamp) {
    refusals.add(now, keeping: limit)
    if nextDraw == nil, isLocked(beyond: limit, at: now) { nextDraw = now + Self.minute }
  }

  /// A stranger asks while the account is locked: whether this try is the one that is checked.
  mutating func draw(_ network: ContactKey, at now: Timestamp) -> Bool {
    passes.removeAll { $0.until <= now || $0.until > now + Self.passLife }
    if let place = passes.firstIndex(where: { $0.network == network }) {
      passes.remove(at: place)
      return true
    }
    var hasher = Hasher()
    hasher.combine(lot)
    hasher.combine(network)
    let rank = Rank(
      drawnAt: drawn.last { $0.network == network }?.at.milliseconds ?? .min, lot: hasher.finalize())
    if best.map({ rank < $0.rank || $0.network == network }) ?? true { best = (network, rank) }
    // A clock that was set back must not put the draw off.
    let due = min(nextDraw ?? now + Self.minute, now + Self.minute)
    nextDraw = due
    guard now >= due, let chosen = best?.network else { return false }
    best = nil
    lot = rank.lot
    nextDraw = now + Self.minute
    drawn.removeAll { $0.network == chosen }
    drawn.append((chosen, now))
    if drawn.count > Self.maximumDrawn { drawn.removeFirst() }
    if chosen == network { return true }
    passes.append((chosen, now + Self.passLife))
    return false
  }
}
