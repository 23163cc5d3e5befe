import MTACore

/// When a deferred parcel is tried again, and when the attempts end (RFC 5321 §4.5.4.1).
///
/// With the default schedule, 1, 5 and 15 minutes, 1, 2 and then every 4 hours, a warning after 4 hours and a lifetime of 5 days:
///
/// | attempt | after the one before | since reception |
/// |---|---|---|
/// | 1 | – | at once |
/// | 2 | 1 min | 1 min |
/// | 3 | 5 min | 6 min |
/// | 4 | 15 min | 21 min |
/// | 5 | 1 h | 1 h 21 min |
/// | 6 | 2 h | 3 h 21 min |
/// | 7 | 39 min, for the sender gets a report of the delay | 4 h |
/// | 8 … 35 | 4 h each | 8 h … 4 d 20 h |
/// | 36 | 4 h, or what is left | 5 d: the last |
///
/// If the sender gets no report of a delay (a null sender, NOTIFY without DELAY, no warning set), attempt 7 comes at 7 h 21 min.
///
/// Each parcel has its own times: a deferred recipient does not wait for the others of its mail.
struct RetryPlan: Hashable, Sendable {
  /// Waiting times after the first, second … attempt; the last repeats.
  let schedule: [Duration]
  /// Says when a sender gets a report of a delay: there is an attempt then.
  let reports: ReportPlan

  /// The result to record for an attempt that ended at `now`.
  ///
  /// - Parameter pause: replaces the schedule's waiting time.
  /// - Returns: the outcome, which is a failure if the parcel's time is over, and the result to record.
  func outcome(
    for parcel: Parcel, of envelope: Envelope, _ result: RecipientResult, at now: Timestamp, pause: Duration? = nil
  ) -> ReportPlan.Outcome {
    var result = result
    var retryAt: Timestamp?
    if result.outcome == .deferred {
      let end = parcel.expiresAt
      if now >= end {
        result = OutcomeClassifier.expired(result)
      } else {
        // One last attempt is made when the time is over.
        var next = min(now + (pause ?? delay(after: parcel.attempts)), end)
        if let lateness = reports.lateness(of: parcel, envelope), lateness > now { next = min(next, lateness) }
        retryAt = max(next, now + .seconds(1))
      }
    }
    return ReportPlan.Outcome(
      parcel: parcel, result: result,
      recorded: ParcelResult(parcel.id, result.outcome, message: result.message, retryAt: retryAt))
  }

  /// At least a second, even if the schedule says less: otherwise a run might never end.
  private func delay(after attempts: Int) -> Duration {
    guard let last = schedule.last else { return .seconds(3600) }
    return max(.seconds(1), schedule.indices.contains(attempts) ? schedule[attempts] : last)
  }
}
