/// All that is counted of logins, and what follows from it for the next try. A value without I/O: the time is told to it.
///
/// A try asks (``begin(from:account:isFromKnownNetwork:at:)``, ``admit(_:at:)``), may wait in the queue of its address and ask again,
/// and is then checked. In the end it is ``accept(_:at:)``ed, ``refuse(_:at:)``d, or ``leave(_:at:)``s without a result.
package struct LoginLedger: Sendable {
  package enum Admission: Hashable, Sendable {
    /// Check it now.
    case check
    /// Ask again when another try of the address has ended, and each second.
    case wait
    /// 454: it is not checked.
    case later
  }

  /// What an operator is told, once an hour.
  package enum Note: Hashable, Sendable {
    case addressLimit(ContactKey)
    case accountLimit(LoginAccount, latest: IPAddress)
  }

  private struct Pair: Hashable {
    var network: ContactKey
    var account: LoginAccount
  }

  package var policy: LoginPolicy
  /// Their addresses are not limited; the accounts are.
  package var unlimited: [Network]
  private let prefixLength: Int
  private var addresses: BoundedTable<ContactKey, AddressStanding>
  private var sites: BoundedTable<Network, TryCount>
  private var pairs: BoundedTable<Pair, TryCount>
  private var accounts: BoundedTable<LoginAccount, AccountStanding>
  private var checkTime = CheckTime()
  private var count: UInt64 = 0
  private var notes: [Note] = []

  /// - Parameters:
  ///   - unlimited: networks whose addresses are not limited, such as a webmail host's.
  ///   - prefixLength: as of ``ContactPolicy``.
  ///   - capacity: addresses that are remembered, and accounts; of all there is a bound.
  package init(
    _ policy: LoginPolicy, unlimited: [Network] = [], prefixLength: Int = ContactKey.prefixLength,
    capacity: Int = 50_000
  ) {
    self.prefixLength = prefixLength
    self.policy = policy
    self.unlimited = unlimited
    addresses = BoundedTable(capacity: capacity)
    sites = BoundedTable(capacity: capacity / 4)
    pairs = BoundedTable(capacity: capacity / 4)
    accounts = BoundedTable(capacity: capacity)
  }

  package mutating func takeNotes() -> [Note] {
    defer { notes.removeAll() }
    return notes
  }

  /// How long after its start a refusal is answered at the soonest: longer than any check of late took.
  package mutating func answerTime(at now: Timestamp) -> Duration { checkTime.answerTime(at: now) }

  package mutating func begin(
    from address: IPAddress, account: LoginAccount?, isFromKnownNetwork: Bool, at now: Timestamp
  ) -> LoginTry {
    count &+= 1
    var attempt = LoginTry(
      number: count, address: address, account: account, isFromKnownNetwork: isFromKnownNetwork, askedAt: now,
      startedAt: now)
    attempt.prefixLength = prefixLength
    return attempt
  }

  /// Whether the try may be checked. ``Admission/wait`` leaves it in its address's queue.
  package mutating func admit(_ attempt: inout LoginTry, at now: Timestamp) -> Admission {
    switch attempt.standing == .checking ? .check : judge(&attempt, at: now) {
    case .check:
      start(&attempt, at: now)
      return .check
    case .wait where enqueue(&attempt, at: now): return .wait
    case .wait, .later:
      tellOfAddress(attempt, at: now)
      leave(attempt, at: now)
      attempt.standing = .asked
      return .later
    }
  }

  /// The numbers of the tries of an address that wait, in their order.
  package func waiting(at address: IPAddress) -> [UInt64] {
    addresses.record(of: ContactKey(address, prefixLength: prefixLength))?.waiting ?? []
  }

  /// The login succeeded: it counts for nothing, and forgives nothing.
  package mutating func accept(_ attempt: LoginTry, at now: Timestamp) {
    checkTime.add(now - attempt.startedAt, at: now)
    leave(attempt, at: now)
  }

  /// Ends a try without a result, whether it waits or is being checked.
  package mutating func leave(_ attempt: LoginTry, at now: Timestamp) {
    switch attempt.standing {
    case .asked: break
    case .waiting: addresses.settle(attempt.network, at: now) { $0.waiting.removeAll { $0 == attempt.number } }
    case .checking: release(attempt, at: now)
    }
  }

  /// Ends a try that was being checked when its client left: it counts for the address.
  package mutating func abandon(_ attempt: LoginTry, at now: Timestamp) {
    leave(attempt, at: now)
    if attempt.standing == .checking { countForAddress(attempt, at: now) }
  }

  /// Counts a refusal.
  ///
  /// - Returns: how long after the try's start it is answered: the same whatever was wrong.
  package mutating func refuse(_ attempt: LoginTry, at now: Timestamp) -> Duration {
    checkTime.add(now - attempt.startedAt, at: now)
    let ready = attempt.startedAt + checkTime.answerTime(at: now)
    leave(attempt, at: now)
    if let account = attempt.account {
      let limit = policy.refusalsPerHour
      let isNews = accounts.change(account, at: now) { record in
        record.refuse(limit: limit, at: now)
        return record.isLocked(beyond: limit, at: now) && Self.isNews(&record.toldAt, at: now)
      }
      if isNews { notes.append(.accountLimit(account, latest: attempt.address)) }
    }
    if isUnlimited(attempt.address) { return ready - attempt.startedAt }
    countForAddress(attempt, at: now)
    let due = addresses.change(attempt.network, at: now) {
      $0.refuse(begunAt: attempt.startedAt, ready: ready, at: now)
    }
    return due - attempt.startedAt
  }
}

extension LoginLedger {
  private func isUnlimited(_ address: IPAddress) -> Bool { unlimited.contains { $0.contains(address) } }

  private mutating func judge(_ attempt: inout LoginTry, at now: Timestamp) -> Admission {
    if let account = attempt.account, !attempt.isFromKnownNetwork, !attempt.isDrawn {
      let (limit, network) = (policy.refusalsPerHour, attempt.network)
      let (admission, isDrawn) = accounts.change(account, at: now) { record -> (Admission, Bool) in
        if record.isLocked(beyond: limit, at: now) {
          return record.draw(network, at: now) ? (.check, true) : (.later, false)
        }
        return (record.isBusy(below: limit, at: now) ? .wait : .check, false)
      }
      guard admission == .check else { return admission }
      attempt.isDrawn = isDrawn
    }
    if isUnlimited(attempt.address) || hasRoom(attempt, at: now) || hasOwnRoom(attempt, at: now) { return .check }
    return .wait
  }

  private mutating func hasRoom(_ attempt: LoginTry, at now: Timestamp) -> Bool {
    let limit = policy.triesPerMinute
    if let site = attempt.site, !sites.change(site, at: now, { $0.isBelow(limit * 10, at: now) }) { return false }
    return addresses.change(attempt.network, at: now) { record in
      let isNext = record.waiting.first.map { $0 == attempt.number } ?? true
      return isNext && record.tries.count(within: .seconds(60), at: now) + record.checking < limit
        && record.ahead(at: now) <= LoginPolicy.maximumAhead
    }
  }

  private mutating func hasOwnRoom(_ attempt: LoginTry, at now: Timestamp) -> Bool {
    guard attempt.isFromKnownNetwork, let account = attempt.account else { return false }
    return pairs.change(Pair(network: attempt.network, account: account), at: now) {
      $0.isBelow(LoginPolicy.ownTriesPerMinute, at: now)
    }
  }

  private mutating func enqueue(_ attempt: inout LoginTry, at now: Timestamp) -> Bool {
    if attempt.standing == .waiting { return now - attempt.askedAt < LoginPolicy.patience && attempt.askedAt <= now }
    let number = attempt.number
    let enters = addresses.change(attempt.network, at: now) { record in
      guard record.waiting.count < LoginPolicy.maximumWaiting else { return false }
      record.waiting.append(number)
      return true
    }
    if enters { attempt.standing = .waiting }
    return enters
  }

  private mutating func start(_ attempt: inout LoginTry, at now: Timestamp) {
    leave(attempt, at: now)
    attempt.standing = .checking
    attempt.startedAt = now
    change(attempt, at: now, by: 1)
  }

  private mutating func release(_ attempt: LoginTry, at now: Timestamp) { change(attempt, at: now, by: -1) }

  /// What is under way is counted in every place that may refuse another try.
  private mutating func change(_ attempt: LoginTry, at now: Timestamp, by step: Int) {
    if let account = attempt.account {
      if attempt.isFromKnownNetwork {
        pairs.change(Pair(network: attempt.network, account: account), at: now) { $0.checking += step }
      } else {
        accounts.change(account, at: now) { $0.checking += step }
      }
    }
    if isUnlimited(attempt.address) { return }
    addresses.change(attempt.network, at: now) { $0.checking += step }
    if let site = attempt.site { sites.change(site, at: now) { $0.checking += step } }
  }

  private mutating func countForAddress(_ attempt: LoginTry, at now: Timestamp) {
    if isUnlimited(attempt.address) { return }
    let (limit, start) = (policy.triesPerMinute, attempt.startedAt)
    addresses.change(attempt.network, at: now) { $0.tries.add(start, keeping: limit) }
    if let site = attempt.site { sites.change(site, at: now) { $0.tries.add(start, keeping: limit * 10) } }
    if attempt.isFromKnownNetwork, let account = attempt.account {
      pairs.change(Pair(network: attempt.network, account: account), at: now) {
        $0.tries.add(start, keeping: LoginPolicy.ownTriesPerMinute)
      }
    }
  }

  private mutating func tellOfAddress(_ attempt: LoginTry, at now: Timestamp) {
    if isUnlimited(attempt.address) { return }
    let isNews = addresses.change(attempt.network, at: now) { record in
      record.refusals(at: now) > 0 && !record.waiting.isEmpty && Self.isNews(&record.toldAt, at: now)
    }
    if isNews { notes.append(.addressLimit(attempt.network)) }
  }

  private static func isNews(_ toldAt: inout Timestamp?, at now: Timestamp) -> Bool {
    if let told = toldAt, told <= now, told + .seconds(3600) > now { return false }
    toldAt = now
    return true
  }
}

/// How long the checks of passwords take, of late: the most of this hour and the one before.
private struct CheckTime: Sendable {
  private var hour: Int64 = 0
  private var longest = Duration.zero
  private var longestBefore = Duration.zero

  mutating func add(_ duration: Duration, at now: Timestamp) {
    turn(to: now)
    longest = max(longest, min(duration, .seconds(10)))
  }

  /// A second at least; more where a check took more than half of it; never more than ten.
  mutating func answerTime(at now: Timestamp) -> Duration {
    turn(to: now)
    let slowest = max(longest, longestBefore) * 2
    let seconds = slowest.components.seconds + (slowest.components.attoseconds > 0 ? 1 : 0)
    return .seconds(min(max(seconds, 1), 10))
  }

  private mutating func turn(to now: Timestamp) {
    let current = now.seconds / 3600
    guard current != hour else { return }
    longestBefore = current == hour + 1 ? longest : .zero
    longest = .zero
    hour = current
  }
}
