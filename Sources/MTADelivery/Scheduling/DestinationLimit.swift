import MTACore

/// The limits of a destination.
public struct DestinationLimit: Hashable, Sendable {
  /// Deliveries at a time, at most; default 20. Fewer while they fail.
  public var deliveries: Int
  /// The least time between the beginnings of two mails; default nil: none.
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
