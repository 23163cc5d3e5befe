import MTACore

/// What the last deliveries to a destination say about it.
enum Standing: Sendable {
  /// Nothing yet.
  case unknown
  /// The last delivery went well, as far as the server is concerned.
  case proven
  /// The last deliveries failed because of the server; the number in a row.
  case troubled(Int)
  /// None of its servers could be reached: it is left alone.
  case out(Outage)

  private var troubles: Int {
    switch self {
    case .unknown, .proven: 0
    case .troubled(let count): count
    case .out(let outage): outage.troubles
    }
  }

  /// - Parameter attempt: one that says something about the destination.
  mutating func learn(_ attempt: Attempt, at now: Timestamp, _ policy: LanePolicy) {
    let troubles = attempt.isTroubled ? troubles + 1 : 0
    // A server that answers and then breaks off, time after time, is as good as none.
    if attempt.isUnreachable || troubles >= policy.patience {
      var outage = if case .out(let outage) = self { outage } else { Outage(after: attempt, at: now, policy) }
      outage.failedAgain(attempt, at: now, policy)
      outage.troubles = troubles
      self = .out(outage)
    } else {
      self = troubles > 0 ? .troubled(troubles) : .proven
    }
  }
}
