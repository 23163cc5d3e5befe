/// A runner that takes mails from its queue as they are accepted: they become its own in the transaction that makes them durable, and
/// need not be searched for and leased in another.
public struct ArrivalTaker: Sendable {
  /// Who gets the leases.
  public var owner: LeaseOwner
  /// Whether the parcels of this mail that are due at once are wanted: the deadline of their lease, or nil, and they wait like all others.
  /// Asked while the mail is being written, perhaps more than once; that write may yet fail.
  public var wants: @Sendable (Envelope) -> Timestamp?
  /// The mail is durable, and its parcels are leased. May be called on any thread, before the next wish is asked for; must return at
  /// once.
  public var take: @Sendable (ClaimedMail) -> Void

  public init(
    owner: LeaseOwner, wants: @escaping @Sendable (Envelope) -> Timestamp?,
    take: @escaping @Sendable (ClaimedMail) -> Void
  ) {
    self.owner = owner
    self.wants = wants
    self.take = take
  }
}
