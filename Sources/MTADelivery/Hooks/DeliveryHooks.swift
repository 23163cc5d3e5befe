public import MTACore

/// Decisions about deliveries: one method for each step of a copy's delivery. Each has a default that changes nothing.
///
/// ```
/// a parcel is due              route       where to, if not where its address says
/// a transaction is to begin    attempt     now, later, or not at all
/// what came of it              attempted   what is recorded
/// the sender is to be told     report      whether, and whom
/// ```
///
/// The runner calls the methods concurrently, for many mails at a time, so a conformance is Sendable and protects its own state. A call
/// has ``QueueRunner/Configuration/hookBudget``, and is cancelled after it. If a hook throws or is late, the log says so, and no mail
/// is lost: `route` and `attempt` then defer the copies, `attempted` and `report` change nothing.
///
/// ```swift
/// struct Nights: DeliveryHooks {
///   func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict {
///     isNight ? .proceed : .delay(.seconds(3600), "bulk mail goes at night")
///   }
/// }
/// ```
public protocol DeliveryHooks: Sendable {
  /// Called once for each parcel that is due, before the runner finds its route. Default: deliver where its address says.
  func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict
  /// Called before a mail's copies for one destination are delivered. Default: deliver them.
  func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict
  /// Called after an attempt, once for each copy that was not delivered, before the store records it. Default: as classified.
  func attempted(_ parcel: Parcel, _ result: RecipientResult, of delivery: PendingDelivery) async throws
    -> OutcomeVerdict
  /// Called before a report goes to a sender. Default: send it.
  func report(_ report: PendingReport) async throws -> ReportVerdict
}

extension DeliveryHooks {
  public func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict { .proceed }
  public func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict { .proceed }
  public func attempted(_ parcel: Parcel, _ result: RecipientResult, of delivery: PendingDelivery) async throws
    -> OutcomeVerdict
  { .proceed }
  public func report(_ report: PendingReport) async throws -> ReportVerdict { .proceed }
}

/// A mail's copies for one destination, about to be delivered.
public struct PendingDelivery: Hashable, Sendable {
  public let envelope: Envelope
  public let parcels: [Parcel]
  /// The destination in words: `local`, `smarthost`, `mx.example.org:25`, or a domain.
  public let destination: String
}

/// A report to a sender, about to be queued.
public struct PendingReport: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case failed, delayed, delivered, relayed
  }

  public let kind: Kind
  /// The envelope of the mail that the report is about.
  public let envelope: Envelope
  public let recipients: [Mailbox]
  /// The recipient of the report.
  public let sender: Mailbox
}
