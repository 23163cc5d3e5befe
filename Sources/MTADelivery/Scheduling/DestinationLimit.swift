import MTACore

/// What a destination can stand.
public struct DestinationLimit: Hashable, Sendable {
  /// Deliveries at a time, at most; default 20. Fewer where they do not go well.
  public var deliveries: Int
  /// The least time between the beginnings of two mails; nil, the default, for none.
  public var interval: Duration?

  public init(deliveries: Int = 20, interval: Duration? = nil) {
    self.deliveries = deliveries
    self.interval = interval
  }
}

/// The limits of all destinations.
struct DestinationLimits: Sendable {
  let standard: DestinationLimit
  let domains: DomainTable<DestinationLimit>

  func limit(for job: DeliveryJob) -> DestinationLimit { job.domain.flatMap { domains.match($0)?.value } ?? standard }
}
