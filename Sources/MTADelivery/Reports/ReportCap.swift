import MTACore

/// Limits the rate of reports to each mailbox. Further reports go later; none is dropped.
///
/// Otherwise a victim whose address was forged on many mails would get as many reports at once. ``burst`` reports go at once, then one
/// each ``interval``.
struct ReportCap: Sendable {
  let burst: Int
  let interval: Duration
  /// When a mailbox has its full burst again.
  private var recovered: [Mailbox: Timestamp] = [:]

  init(burst: Int, interval: Duration) {
    self.burst = max(1, burst)
    self.interval = interval
  }

  /// When the next report to this mailbox may go. Counts it as sent then.
  mutating func due(to mailbox: Mailbox, at now: Timestamp) -> Timestamp {
    if recovered.count > 10_000 { recovered = recovered.filter { $0.value > now } }
    let key = mailbox.caseFolded
    let next = max(recovered[key] ?? now, now) + interval
    recovered[key] = next
    return max(now, next - interval * burst)
  }
}
