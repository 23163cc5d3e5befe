public import MTACore

/// A say in deliveries: one method for each step of a copy's way out, each with a default that lets things take their course.
///
/// ```
/// a parcel is due              route       where to, if not where its address says
/// a transaction is to begin    attempt     now, later, or not at all
/// what came of it              attempted   what is recorded
/// the sender is to be told     report      whether, and whom
/// ```
///
/// The runner calls them concurrently, for many mails at a time: a conformance is Sendable, and its own state its own affair.
/// A call has ``QueueRunner/Configuration/hookBudget``; what is late is cancelled. A hook that throws or is late defers the copies
/// (`route`, `attempt`), or lets stand what is there (`attempted`, `report`): nothing is lost by it, and it is logged.
///
/// ```swift
/// struct Nights: DeliveryHooks {
///   func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict {
///     isNight ? .proceed : .delay(.seconds(3600), "bulk mail goes at night")
///   }
/// }
/// ```
public protocol DeliveryHooks: Sendable {
  /// Before a way is looked for, once for each parcel that is due. Default: where its address says.
  func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict
  /// Before a mail's copies for one destination are handed to it. Default: hand them over.
  func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict
  /// After an attempt, once for each copy that was not delivered, before anything is recorded. Default: as classified.
  func attempted(_ parcel: Parcel, _ result: RecipientResult, of delivery: PendingDelivery) async throws
    -> OutcomeVerdict
  /// Before a report goes to a sender. Default: send it.
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
  /// Where they go, in words: `local`, `smarthost`, `mx.example.org:25`, or a domain.
  public let destination: String
}

/// A report to a sender, about to be queued.
public struct PendingReport: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case failed, delayed, delivered, relayed
  }

  public let kind: Kind
  /// Of the mail that it tells of.
  public let envelope: Envelope
  public let recipients: [Mailbox]
  /// Whom it goes to.
  public let sender: Mailbox
}
