/// A runner that hears of mail as its queue accepts it, and may have it handed over at once: the parcels become the runner's own in the
/// transaction that makes them durable, and need not be searched for and leased in another.
///
/// What the runner can take goes to the queue as data (``intake``), and what was handed over comes back (``take``).
public struct ArrivalListener: Sendable {
  /// Who gets the leases.
  public var owner: LeaseOwner
  /// There is mail in the queue that is due, and that was handed to no runner. May be called on any thread; must return at once.
  public var notify: @Sendable () -> Void
  /// What the runner can take now; nil: nothing. A queue asks once for each transaction, after all that it handed over before has been
  /// taken, so the runner need not remember what it said. Must return at once.
  public var intake: @Sendable () -> Intake?
  /// The mail is durable, and its parcels are leased. May be called on any thread, before the next ``intake`` is asked for; must return at
  /// once.
  public var take: @Sendable (ClaimedMail) -> Void

  /// Without more than `notify`, nothing is ever handed over.
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
  /// How many parcels. A mail is handed over whole: the last one may bring more.
  public var parcels: Int
  /// Lanes of which nothing is wanted. A mail with a parcel in one of them waits in the queue.
  public var leavingOut: Set<String>
  /// When leases on other machines end.
  public var deadline: Timestamp

  public init(parcels: Int, leavingOut: Set<String> = [], deadline: Timestamp) {
    self.parcels = parcels
    self.leavingOut = leavingOut
    self.deadline = deadline
  }

  /// Takes a mail with parcels in these lanes, if it may.
  ///
  /// - Parameter lanes: of each parcel that is to be delivered.
  /// - Returns: whether it is to be handed over. It counts from then on.
  public mutating func admits(_ lanes: [String]) -> Bool {
    guard parcels > 0, !lanes.isEmpty, !lanes.contains(where: leavingOut.contains) else { return false }
    parcels -= lanes.count
    return true
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
