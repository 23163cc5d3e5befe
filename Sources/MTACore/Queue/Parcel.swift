/// The number of a parcel in its queue.
public struct ParcelID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: Int64
  public init(_ number: Int64) { self.number = number }
  public var description: String { String(number) }
  public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

/// One recipient's copy of a mail, on its way.
public struct Parcel: Hashable, Sendable {
  public var id: ParcelID
  public var mailID: MailID
  public var recipient: EnvelopeRecipient
  /// The lane: a claim can leave it out. See ``EnvelopeRecipient/firstLane``.
  public var lane: String
  /// The number of attempts so far.
  public var attempts: Int
  /// Whether a runner leased it before. That runner may have delivered the copy, and ended before it could record that. Couriers that
  /// can tell look for the copy first.
  public var wasLeased: Bool
  public var createdAt: Timestamp
  /// The end of the attempts: then a deferral becomes a failure.
  public var expiresAt: Timestamp
  /// When the sender got a report of a delay; nil if there was none.
  public var warnedAt: Timestamp?
  /// An operator's word; nil if there is none.
  public var order: ParcelOrder?

  /// - Parameter lane: nil for ``EnvelopeRecipient/firstLane``.
  public init(
    id: ParcelID, mailID: MailID, recipient: EnvelopeRecipient, lane: String? = nil, attempts: Int = 0,
    wasLeased: Bool = false, createdAt: Timestamp, expiresAt: Timestamp, warnedAt: Timestamp? = nil,
    order: ParcelOrder? = nil
  ) {
    self.id = id
    self.mailID = mailID
    self.recipient = recipient
    self.lane = lane ?? recipient.firstLane
    self.attempts = attempts
    self.wasLeased = wasLeased
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.warnedAt = warnedAt
    self.order = order
  }
}

/// The state of a parcel, as the `parcels` table spells it.
public enum ParcelState: String, Hashable, Sendable, CaseIterable {
  /// Due at its retry time.
  case waiting
  /// Leased by a runner.
  case working
  case delivered
  /// Failed: refused for good, or expired.
  case failed
  /// Delivery `none`: kept as a record.
  case recorded
}

/// The result of an attempt for one recipient. Every attempt has exactly one.
public enum DeliveryOutcome: Hashable, Sendable {
  case delivered
  /// Tried again later.
  case deferred
  /// Never tried again.
  case failed
  /// Held until an operator releases it.
  case held
}

/// The outcome of one parcel's attempt, with facts for an operator.
public struct ParcelResult: Hashable, Sendable {
  public var parcel: ParcelID
  public var outcome: DeliveryOutcome
  /// The last message of the server, or ours; one printable line.
  public var message: String
  /// When a deferred parcel is due again; without meaning for others.
  public var retryAt: Timestamp?
  /// The host that answered, with its address; nil if none was reached.
  public var host: String?
  /// Protocol and cipher, if the session was encrypted.
  public var encryption: String?
  /// The TLS policy of the connection, and its reason.
  public var tlsPolicy: String?
  /// The parcel's lane from now on; nil: as before.
  public var lane: String?
  /// Whether it counts as one of the parcel's attempts.
  public var isAttempt = true
  /// The sender gets a report of the delay, which is recorded with this result.
  public var warns = false

  public init(
    _ parcel: ParcelID, _ outcome: DeliveryOutcome, message: String, retryAt: Timestamp? = nil, host: String? = nil,
    encryption: String? = nil, tlsPolicy: String? = nil
  ) {
    self.parcel = parcel
    self.outcome = outcome
    self.message = message
    self.retryAt = retryAt
    self.host = host
    self.encryption = encryption
    self.tlsPolicy = tlsPolicy
  }
}
