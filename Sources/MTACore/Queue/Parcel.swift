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
  /// What the runner goes by when it leaves parcels out of a claim; see ``EnvelopeRecipient/firstLane``.
  public var lane: String
  /// Attempts made so far.
  public var attempts: Int
  /// Whether a runner had it under lease before. That one may have delivered it and ended before it could say so; who can tell
  /// looks whether the copy is there already.
  public var wasLeased: Bool
  public var createdAt: Timestamp
  /// When trying ends, and a deferral becomes a failure.
  public var expiresAt: Timestamp
  /// When the sender was told of a delay; nil when they were not.
  public var warnedAt: Timestamp?

  /// - Parameter lane: nil for ``EnvelopeRecipient/firstLane``.
  public init(
    id: ParcelID, mailID: MailID, recipient: EnvelopeRecipient, lane: String? = nil, attempts: Int = 0,
    wasLeased: Bool = false, createdAt: Timestamp, expiresAt: Timestamp, warnedAt: Timestamp? = nil
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
  }
}

/// How far a parcel has come, as the `parcels` table spells it.
public enum ParcelState: String, Hashable, Sendable, CaseIterable {
  /// Due at its retry time.
  case waiting
  /// Leased by a runner.
  case working
  case delivered
  /// Given up: refused for good, or expired.
  case failed
  /// Delivery `none`: kept as a record.
  case recorded
}

/// What an attempt came to, for one recipient. Every attempt has exactly one.
public enum DeliveryOutcome: Hashable, Sendable {
  case delivered
  /// Tried again later.
  case deferred
  /// Never tried again.
  case failed
  /// Set aside until somebody releases it.
  case held
}

/// The outcome of one parcel's attempt, with what an operator wants to know of it.
public struct ParcelResult: Hashable, Sendable {
  public var parcel: ParcelID
  public var outcome: DeliveryOutcome
  /// The last message of the server, or ours: one line, printable.
  public var message: String
  /// When a deferred parcel is due again; meaningless otherwise.
  public var retryAt: Timestamp?
  /// The host that answered, with its address; nil when none was reached.
  public var host: String?
  /// Protocol and cipher when the session was encrypted.
  public var encryption: String?
  /// What was demanded of the connection's encryption, and why.
  public var tlsPolicy: String?
  /// The lane that a parcel waits in from now on; nil: the one that it had.
  public var lane: String?
  /// Whether it counts as one of the parcel's attempts.
  public var isAttempt = true
  /// The sender is told of the delay by a report that is recorded along.
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
