import MTACore

/// Holds reports to a rate for each mailbox they go to, by sending the surplus later: none is dropped.
///
/// Whoever's address was forged on much mail would else get as many reports at once. A burst of ``burst`` goes at once, then
/// one each ``interval``.
struct ReportCap: Sendable {
  let burst: Int
  let interval: Duration
  /// When a mailbox would be back at its full burst.
  private var recovered: [Mailbox: Timestamp] = [:]

  init(burst: Int, interval: Duration) {
    self.burst = max(1, burst)
    self.interval = interval
  }

  /// When the next report to this mailbox may go; counts it as sent then.
  mutating func due(to mailbox: Mailbox, at now: Timestamp) -> Timestamp {
    if recovered.count > 10_000 { recovered = recovered.filter { $0.value > now } }
    let key = mailbox.caseFolded
    let next = max(recovered[key] ?? now, now) + interval
    recovered[key] = next
    return max(now, next - interval * burst)
  }
}
