public import MTACore
import NIOConcurrencyHelpers
import NIOCore

extension VolatileStore {
  /// One recipient's copy of a mail, and its state.
  public struct StoredParcel: Hashable, Sendable {
    public var parcel: Parcel
    public var state: ParcelState
    /// When a waiting copy is to be tried.
    public var due: Timestamp
    /// Held until ``VolatileStore/release(_:at:)``.
    public var isHeld = false
    /// The owner of the lease, and its end.
    public var owner: LeaseOwner?
    public var deadline: Timestamp?
    /// The result of the last attempt; nil before the first.
    public var result: ParcelResult?

    init(_ parcel: Parcel, _ state: ParcelState, due: Timestamp) {
      self.parcel = parcel
      self.state = state
      self.due = due
    }

    /// Leases of the claimer's place end with their owner, or by its word; only those of other places lapse.
    func isDue(to claimer: LeaseOwner, at now: Timestamp) -> Bool {
      switch state {
      case .waiting: due <= now && !isHeld
      case .working: owner?.place != claimer.place && (deadline ?? now) <= now
      case .delivered, .failed, .recorded: false
      }
    }

    mutating func release() {
      owner = nil
      deadline = nil
    }
  }

  /// All copies that were ever in the queue, in the order in which their recipients were accepted.
  public var parcels: [StoredParcel] { state.withLockedValue { $0.parcels } }

  /// Makes the held parcels of a mail due.
  public func release(_ id: MailID, at now: Timestamp) {
    let listeners = state.withLockedValue { state in
      for index in state.parcels.indices where state.parcels[index].parcel.mailID == id && state.parcels[index].isHeld {
        state.parcels[index].isHeld = false
        state.suspects[id] = nil
        state.parcels[index].due = now
      }
      return state.listeners
    }
    listeners.notify()
  }
}

extension VolatileStore.State {
  /// Removes a mail that waits for its time, and that no runner ever had. Numbers of parcels stay as they are, so those of the mail do, too,
  /// as `recorded` ones.
  mutating func takeBack(_ id: MailID) -> Bool {
    let its = parcels.indices.filter { parcels[$0].parcel.mailID == id }
    guard let place = places[id], !its.isEmpty,
      its.allSatisfy({ parcels[$0].state == .waiting && !parcels[$0].isHeld && !parcels[$0].parcel.wasLeased })
    else { return false }
    for index in its { parcels[index].state = .recorded }
    mails.remove(at: place)
    places[id] = nil
    for (other, index) in places where index > place { places[other] = index - 1 }
    return true
  }

  func isUrgent(_ id: MailID) -> Bool { places[id].map { mails[$0].envelope.requests.priority > 0 } ?? false }

  /// Where a parcel lies.
  func index(of id: ParcelID) -> Int? {
    guard id.number >= 1, id.number <= Int64(parcels.count) else { return nil }
    return Int(id.number) - 1
  }
}

extension VolatileStore: ParcelQueue {
  public func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail] {
    try check(.claim)
    return state.withLockedValue { state in
      // RFC 6710 §4.2: urgent ones first.
      let due = state.parcels.filter { $0.isDue(to: owner, at: now) }
        .map { (isUrgent: state.isUrgent($0.parcel.mailID), stored: $0) }
        .sorted {
          ($0.isUrgent ? 0 : 1, $0.stored.due, $0.stored.parcel.id)
            < ($1.isUrgent ? 0 : 1, $1.stored.due, $1.stored.parcel.id)
        }
        .map(\.stored)
      let wanted = due.filter { !lanes.contains($0.parcel.lane) }
      var claimed: [ClaimedMail] = []
      var seen: Set<MailID> = []
      var count = 0
      for first in wanted where count < limit && seen.insert(first.parcel.mailID).inserted {
        guard let place = state.places[first.parcel.mailID] else { continue }
        let parcels = due.map(\.parcel).filter { $0.mailID == first.parcel.mailID }.sorted { $0.id < $1.id }
        for index in parcels.compactMap({ state.index(of: $0.id) }) {
          state.parcels[index].state = .working
          state.parcels[index].owner = owner
          state.parcels[index].deadline = deadline
          state.parcels[index].parcel.wasLeased = true
        }
        count += parcels.count
        claimed.append(ClaimedMail(state.mails[place].envelope, parcels: parcels))
      }
      return claimed
    }
  }

  public func content(of id: MailID) async throws(StoreFailure) -> StoredContent {
    try check(.content)
    let mail = state.withLockedValue { state in state.places[id].map { state.mails[$0] } }
    guard let mail else { throw .failed("there is no mail \(id)") }
    return StoredContent(trace: ByteBuffer(string: mail.trace), content: mail.content)
  }

  public func record(_ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp)
    async throws(StoreFailure)
  {
    try check(.record)
    let recorded = state.withLockedValue { state in
      var recorded: Set<ParcelID> = []
      for result in results {
        guard let index = state.index(of: result.parcel) else { continue }
        let stored = state.parcels[index]
        // A lost lease: the new owner's attempt decides, but what was delivered was delivered.
        guard stored.state == .working && stored.owner == owner || result.outcome == .delivered else { continue }
        recorded.insert(result.parcel)
        state.parcels[index].release()
        // Held by an operator meanwhile: it stays so, with that reason, unless it is final.
        let staysHeld = stored.isHeld && (result.outcome == .deferred || result.outcome == .held)
        if !staysHeld { state.parcels[index].result = result }
        state.parcels[index].isHeld = staysHeld || result.outcome == .held
        if let lane = result.lane { state.parcels[index].parcel.lane = lane }
        if result.warns { state.parcels[index].parcel.warnedAt = now }
        if result.isAttempt { state.parcels[index].parcel.attempts += 1 }
        switch result.outcome {
        case .delivered: state.parcels[index].state = .delivered
        case .failed: state.parcels[index].state = .failed
        case .deferred:
          state.parcels[index].state = .waiting
          // A deferral without an instant must not become a busy loop.
          state.parcels[index].due = result.retryAt ?? now + .seconds(60)
        case .held: state.parcels[index].state = .waiting
        }
      }
      return recorded
    }
    for report in reports where !recorded.isDisjoint(with: report.parcels) { try add(report) }
  }

  private func add(_ report: QueuedReport) throws(StoreFailure) {
    // Said again after a commit of unknown outcome: it is there already.
    let isKnown = state.withLockedValue { state in
      ([report] + report.otherwise).contains { state.places[$0.envelope.id] != nil }
    }
    if isKnown { return }
    let chosen = state.withLockedValue { state -> QueuedReport? in
      guard let replaced = report.replaced else { return report }
      return state.takeBack(replaced) ? report : report.otherwise.first
    }
    guard let chosen else { return }
    try add(chosen.envelope, content: chosen.content)
    state.withLockedValue { state in
      guard let place = report.mail.flatMap({ state.places[$0] }) else { return }
      state.mails[place].envelope.reportedAt = chosen.envelope.dueAt
    }
  }

  public func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure) {
    state.withLockedValue { state in
      for index in parcels.compactMap({ state.index(of: $0) })
      where state.parcels[index].state == .working && state.parcels[index].owner == owner {
        state.parcels[index].deadline = deadline
      }
    }
  }

  public func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int {
    state.withLockedValue { state in
      let dead = Set(state.parcels.filter { $0.state == .working }.compactMap(\.owner)).filter { !isAlive($0) }
      var count = 0
      for index in state.parcels.indices {
        guard state.parcels[index].state == .working, let owner = state.parcels[index].owner, dead.contains(owner)
        else { continue }
        state.parcels[index].state = .waiting
        state.parcels[index].release()
        count += 1
      }
      return count
    }
  }

  public func releaseLeases(of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID])
    async throws(StoreFailure) -> Int
  {
    let known = Set(known())
    return state.withLockedValue { state in
      var count = 0
      for index in state.parcels.indices
      where state.parcels[index].state == .working && state.parcels[index].owner == owner
        && !known.contains(state.parcels[index].parcel.id)
      {
        state.parcels[index].state = .waiting
        state.parcels[index].release()
        count += 1
      }
      return count
    }
  }

  public func suspect(_ mail: MailID, because cause: String, at now: Timestamp) async throws(StoreFailure) -> Bool {
    state.withLockedValue { state in
      state.suspects[mail, default: 0] += 1
      guard let count = state.suspects[mail], count > 1 else { return false }
      for index in state.parcels.indices where state.parcels[index].parcel.mailID == mail {
        guard state.parcels[index].state == .waiting || state.parcels[index].state == .working else { continue }
        state.parcels[index].state = .waiting
        state.parcels[index].isHeld = true
        state.parcels[index].release()
        state.parcels[index].result = ParcelResult(state.parcels[index].parcel.id, .held, message: "held: " + cause)
      }
      return true
    }
  }

  public func nextDue() async throws(StoreFailure) -> Timestamp? {
    state.withLockedValue { state in state.parcels.lazy.filter { $0.state == .waiting && !$0.isHeld }.map(\.due).min() }
  }

  public func listen(_ listener: ArrivalListener) { state.withLockedValue { $0.listeners.add(listener) } }

  public func endListening(_ owner: LeaseOwner) { state.withLockedValue { $0.listeners.remove(owner) } }
}
