package import Logging
package import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// Decides for all sessions of a server whether a user or a client may send more: the ``LimitLedger`` under a lock, in front of the store
/// that keeps it over a restart, and what operators say about users.
///
/// A mail counts when MAIL is accepted, whatever becomes of it, and a recipient when RCPT is. So sessions that go on side by side, or
/// send many commands at once, get no more than one session would.
package final class LimitBook: Sendable {
  private struct State {
    var ledger = LimitLedger()
    var users: UserLimits
    var clients: SendingLimits
    var unlimited: [Network]
    /// Users whom operators suspended.
    var suspended: [LoginAccount: AccountOrder] = [:]
    /// As the store gave them; nil before the first time.
    var orders: [AccountOrder]?
    var readAt: MonotonicInstant?
  }

  private let state: NIOLockedValueBox<State>
  private let store: (any LimitStore)?
  private let clock: any WallClock
  private let logger: Logger
  private let prefixLength: Int
  /// How long orders are used before they are read again.
  private static let orderAge = Duration.seconds(1)

  /// - Parameter store: nil: counts are in memory alone.
  package init(_ configuration: Receiver.Configuration, store: (any LimitStore)?, clock: any WallClock, logger: Logger)
  {
    state = NIOLockedValueBox(
      State(
        users: configuration.userLimits, clients: configuration.clientLimits,
        unlimited: configuration.contacts.neverProhibit))
    prefixLength = configuration.contacts.prefixLength
    self.store = store
    self.clock = clock
    self.logger = logger
  }

  /// Other limits hold from now on. What was counted stays.
  func renew(_ configuration: Receiver.Configuration) {
    state.withLockedValue {
      $0.users = configuration.userLimits
      $0.clients = configuration.clientLimits
      $0.unlimited = configuration.contacts.neverProhibit
    }
  }

  /// Counts a mail or a recipient, if there may be one more.
  ///
  /// - Parameter user: the name of the login; nil for none, so that the client's address counts.
  package func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance {
    let account = user.flatMap { LoginAccount($0) }
    await readOrders()
    if let account, use == .mail, isSuspended(account) { return .suspended }
    let (key, limits) = state.withLockedValue { state -> (LimitKey, SendingLimits) in
      if let account { return (.user(account), state.users.limits(of: account)) }
      let isFree = state.clients.isEmpty || state.unlimited.contains { $0.contains(client) }
      return (.client(ContactKey(client, prefixLength: prefixLength)), isFree ? SendingLimits() : state.clients)
    }
    if limits.isEmpty { return .granted }
    while true {
      let (verdict, generation) = state.withLockedValue { state in
        let verdict = state.ledger.count(use, of: key, limits, at: clock.now)
        // Under the lock, so that the store gets records in the order of the counts.
        if let changed = verdict?.changed { store?.save(changed) }
        return (verdict, state.ledger.generation)
      }
      if let verdict {
        if verdict.isNews { tell(verdict.allowance, use, key) }
        return verdict.allowance
      }
      let stored: LimitRecord?
      do throws(StoreFailure) { stored = try await store?.limitRecord(key) } catch { return .unknown }
      let now = clock.now
      state.withLockedValue {
        _ = $0.ledger.install(stored ?? LimitRecord(key, at: now), at: now, ifStill: generation)
      }
    }
  }

  private func tell(_ allowance: Allowance, _ use: SendingUse, _ key: LimitKey) {
    guard case .limited(let span, let minutes) = allowance else { return }
    let who: Logger.Metadata =
      switch key {
      case .user(let account): ["sasl_username": "\(account)"]
      case .client(let network): ["client": "\(network)"]
      }
    let facts: Logger.Metadata = ["setting": "\(Self.setting(use, span, key))", "minutes": "\(minutes)"]
    logger.notice("sending limit reached", metadata: who.merging(facts) { $1 })
  }

  private static func setting(_ use: SendingUse, _ span: LimitSpan, _ key: LimitKey) -> String {
    let table = if case .user = key { "userLimits" } else { "clientLimits" }
    return table + "." + (use == .mail ? "mailsPer" : "recipientsPer") + (span == .hour ? "Hour" : "Day")
  }

  // MARK: Operators

  /// Whether an operator suspended this user. Orders are read anew if that was a second ago.
  package func suspends(_ account: LoginAccount?) async -> Bool {
    guard let account else { return false }
    await readOrders()
    return isSuspended(account)
  }

  private func isSuspended(_ account: LoginAccount) -> Bool {
    state.withLockedValue { state in
      if state.suspended.isEmpty { return false }
      return state.suspended[account].map { !$0.isOver(at: clock.now) } ?? false
    }
  }

  /// If they cannot be read, the old ones hold.
  private func readOrders() async {
    guard let store else { return }
    let isOld = state.withLockedValue { state in
      // Before they were read once, everyone waits for them.
      guard let read = state.readAt else { return true }
      if read.elapsed < Self.orderAge { return false }
      // At once, so that one of many sessions reads them.
      state.readAt = .now
      return true
    }
    guard isOld, let all = try? await store.accountOrders() else { return }
    let now = clock.now
    state.withLockedValue { state in
      let resets = all.filter { $0.kind == .resetLimits }
      // The first time there is nothing in memory that could be forgotten.
      let due = state.orders.map { old in resets.filter { !old.contains($0) } } ?? []
      if state.readAt == nil { state.readAt = .now }
      if state.orders != all {
        state.suspended = [:]
        for order in all where order.kind == .suspendUser {
          if let account = LoginAccount(order.name) { state.suspended[account] = order }
        }
        state.orders = all
      }
      for key in due.compactMap({ LimitKey(stored: $0.name) }) {
        if let record = state.ledger.reset(key, at: now) { store.save(record) }
      }
    }
  }
}
