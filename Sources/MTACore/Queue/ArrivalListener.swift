/// A runner that gets news of mail as its queue accepts it. Mail may be handed over to it at once: the transaction that makes the mail
/// durable also leases the parcels to the runner. So it need not search for them and lease them in another.
///
/// ``intake`` says what the runner can take, as data. ``take`` brings the mail that was handed over.
public struct ArrivalListener: Sendable {
  /// The owner of the leases.
  public var owner: LeaseOwner
  /// The queue has due mail that was not handed over. May be called on any thread; must return at once.
  public var notify: @Sendable () -> Void
  /// What the runner can take now; nil: nothing. A queue asks once for each transaction, when ``take`` has brought everything that was
  /// handed over before. So the runner need not remember its answer. Must return at once.
  public var intake: @Sendable () -> Intake?
  /// The mail is durable, and its parcels are leased. May be called on any thread, before the next call of ``intake``; must return at
  /// once.
  public var take: @Sendable (ClaimedMail) -> Void

  /// With `notify` alone nothing is handed over.
  public init(
    owner: LeaseOwner, notify: @escaping @Sendable () -> Void, intake: @escaping @Sendable () -> Intake? = { nil },
    take: @escaping @Sendable (ClaimedMail) -> Void = { _ in }
  ) {
    self.owner = owner
    self.notify = notify
    self.intake = intake
    self.take = take
  }
}

/// What a runner can take at once, without a claim.
public struct Intake: Hashable, Sendable {
  /// The number of parcels. A mail is handed over whole, so the last one may bring more.
  public var parcels: Int
  /// Lanes to leave out. A mail with a parcel in one of them waits in the queue.
  public var leavingOut: Set<String>
  /// When leases end on other machines.
  public var deadline: Timestamp

  public init(parcels: Int, leavingOut: Set<String> = [], deadline: Timestamp) {
    self.parcels = parcels
    self.leavingOut = leavingOut
    self.deadline = deadline
  }

  /// Takes a mail with parcels in these lanes if there is room for it.
  ///
  /// - Parameter lanes: one for each parcel that is to be delivered.
  /// - Returns: whether the mail is to be handed over. If so, it counts from then on.
  public mutating func admits(_ lanes: [String]) -> Bool {
    guard parcels > 0, !lanes.isEmpty, !lanes.contains(where: leavingOut.contains) else { return false }
    parcels -= lanes.count
    return true
  }
}

/// The listeners of a queue, for its implementation: at most one for each owner, in the order of their arrival.
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

  /// Tells all listeners that there is mail.
  public func notify() { for listener in listeners { listener.notify() } }
}
