import MTACore

/// When a deferred parcel is tried again, and when that ends (RFC 5321 §4.5.4.1).
struct RetryPlan: Hashable, Sendable {
  /// Waiting times after the first, second … attempt; the last repeats.
  let schedule: [Duration]
  /// From a parcel's creation to its expiry, at most.
  let lifetime: Duration

  func expiry(of parcel: Parcel) -> Timestamp { min(parcel.expiresAt, parcel.createdAt + lifetime) }

  /// What is recorded for an attempt that ended at `now`.
  func result(
    for parcel: Parcel, _ result: RecipientResult, at now: Timestamp, host: String? = nil, encryption: String? = nil
  ) -> ParcelResult {
    var result = result
    var retryAt: Timestamp?
    if result.outcome == .deferred {
      let end = expiry(of: parcel)
      if now >= end {
        result = OutcomeClassifier.expired(result)
      } else {
        // One last attempt is made when the time is over.
        retryAt = max(min(now + delay(after: parcel.attempts), end), now + .seconds(1))
      }
    }
    return ParcelResult(
      parcel.id, result.outcome, message: result.message, retryAt: retryAt, host: host, encryption: encryption)
  }

  /// At least a second, whatever the schedule says: an eager one would never let a run end.
  private func delay(after attempts: Int) -> Duration {
    guard let last = schedule.last else { return .seconds(3600) }
    return max(.seconds(1), schedule.indices.contains(attempts) ? schedule[attempts] : last)
  }
}
