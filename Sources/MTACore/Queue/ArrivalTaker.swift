/// A runner that takes mails from its queue as they are accepted: they become its own in the transaction that makes them durable, and
/// need not be searched for and leased in another.
public struct ArrivalTaker: Sendable {
  /// Who gets the leases.
  public var owner: LeaseOwner
  /// Whether the parcels of this mail that are due at once are wanted: the deadline of their lease, or nil, and they wait like all others.
  /// Asked while the mail is being written, with others of which none has arrived yet; that write may yet fail. So a mail that is
  /// wanted counts from now on, until ``take`` or ``forget``.
  public var wants: @Sendable (Envelope) -> Timestamp?
  /// The mail is durable, and its parcels are leased. May be called on any thread, before the next wish is asked for; must return at
  /// once.
  public var take: @Sendable (ClaimedMail) -> Void

  /// The mail that was wanted does not come; it may be asked about again. Must return at once.
  public var forget: @Sendable (Envelope) -> Void

  public init(
    owner: LeaseOwner, wants: @escaping @Sendable (Envelope) -> Timestamp?,
    take: @escaping @Sendable (ClaimedMail) -> Void, forget: @escaping @Sendable (Envelope) -> Void = { _ in }
  ) {
    self.owner = owner
    self.wants = wants
    self.take = take
    self.forget = forget
  }
}
