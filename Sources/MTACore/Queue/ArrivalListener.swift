/// A runner that hears of mail as its queue accepts it, and may take it at once: it becomes the runner's own in the transaction that makes
/// it durable, and need not be searched for and leased in another.
public struct ArrivalListener: Sendable {
  /// Who gets the leases.
  public var owner: LeaseOwner
  /// There is mail in the queue that is due, and that nobody took. May be called on any thread; must return at once.
  public var notify: @Sendable () -> Void
  /// Whether the parcels of this mail that are due at once are wanted: the deadline of their lease, or nil, and they wait like all others.
  /// Asked while the mail is being written, with others of which none has arrived yet; that write may yet fail. So a mail that is
  /// wanted counts from now on, until ``take`` or ``forget``.
  public var wants: @Sendable (Envelope) -> Timestamp?
  /// The mail is durable, and its parcels are leased. May be called on any thread, before the next wish is asked for; must return at
  /// once.
  public var take: @Sendable (ClaimedMail) -> Void
  /// The mail that was wanted does not come; it may be asked about again. Must return at once.
  public var forget: @Sendable (Envelope) -> Void

  /// Without more than `notify`, nothing is ever wanted.
  public init(
    owner: LeaseOwner, notify: @escaping @Sendable () -> Void,
    wants: @escaping @Sendable (Envelope) -> Timestamp? = { _ in nil },
    take: @escaping @Sendable (ClaimedMail) -> Void = { _ in },
    forget: @escaping @Sendable (Envelope) -> Void = { _ in }
  ) {
    self.owner = owner
    self.notify = notify
    self.wants = wants
    self.take = take
    self.forget = forget
  }
}

/// The listeners of a queue, for its implementation: at most one for each owner, in the order in which they came.
public struct ArrivalListeners: Sendable, RandomAccessCollection {
  private var listeners: [ArrivalListener] = []

  public init() {}

  public var startIndex: Int { listeners.startIndex }
  public var endIndex: Int { listeners.endIndex }
  public subscript(position: Int) -> ArrivalListener { listeners[position] }

  public mutating func add(_ listener: ArrivalListener) {
    remove(listener.owner)
    listeners.append(listener)
  }

  public mutating func remove(_ owner: LeaseOwner) { listeners.removeAll { $0.owner == owner } }

  /// Tells all of them that there is mail.
  public func notify() { for listener in listeners { listener.notify() } }
}
