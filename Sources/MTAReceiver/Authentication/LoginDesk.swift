package import Logging
package import MTACore
import NIOConcurrencyHelpers

/// Decides for all connections of a receiver whether a login may be checked: the ``LoginLedger`` under a lock, the tries that wait, and
/// the store's record of known networks.
package final class LoginDesk: Sendable {
  private typealias Waiting = (attempt: LoginTry, end: CheckedContinuation<LoginTry?, Never>)

  private struct State {
    var ledger: LoginLedger
    var waiting: [UInt64: Waiting] = [:]
    var known = KnownNetworks()
  }

  private let state: NIOLockedValueBox<State>
  private let store: (any LoginStore)?
  private let clock: any WallClock
  private let logger: Logger
  private let memory: Duration
  private let prefixLength: Int

  /// - Parameters:
  ///   - unlimited: networks whose addresses are not limited.
  ///   - store: keeps known networks; nil: memory alone.
  ///   - prefixLength: as of ``ContactPolicy``.
  package init(
    _ policy: LoginPolicy, unlimited: [Network], prefixLength: Int = ContactKey.prefixLength,
    store: (any LoginStore)?, clock: any WallClock, logger: Logger
  ) {
    state = NIOLockedValueBox(
      State(ledger: LoginLedger(policy, unlimited: unlimited, prefixLength: prefixLength)))
    self.prefixLength = prefixLength
    memory = policy.networkMemory
    self.store = store
    self.clock = clock
    self.logger = logger
  }

  /// Other limits hold from now on. What was counted stays.
  func renew(_ policy: LoginPolicy, unlimited: [Network]) {
    state.withLockedValue { ($0.ledger.policy, $0.ledger.unlimited) = (policy, unlimited) }
  }

  /// A client names its account; nil if it does not.
  package func begin(_ name: String?, from address: IPAddress) async -> LoginTry {
    let account = name.flatMap { LoginAccount($0) }
    let isKnown =
      if let account { await isKnown(account, from: ContactKey(address, prefixLength: prefixLength)) } else { false }
    return state.withLockedValue {
      $0.ledger.begin(from: address, account: account, isFromKnownNetwork: isKnown, at: clock.now)
    }
  }

  /// Returns the try when it may be checked, and nil when it may not. Meanwhile ``poll(_:)`` asks again, and ``giveUp(_:)`` ends the
  /// wait.
  package func admit(_ attempt: LoginTry) async -> LoginTry? {
    let admitted = await withCheckedContinuation { end in
      let answer = state.withLockedValue { state -> LoginTry?? in
        var attempt = attempt
        switch state.ledger.admit(&attempt, at: clock.now) {
        case .check: return attempt
        case .later: return .some(nil)
        case .wait:
          state.waiting[attempt.number] = (attempt, end)
          return nil
        }
      }
      if let answer { end.resume(returning: answer) }
    }
    tell()
    return admitted
  }

  /// Time has passed for a try that waits.
  package func poll(_ number: UInt64) {
    guard let address = state.withLockedValue({ $0.waiting[number]?.attempt.address }) else { return }
    advance(address)
  }

  /// The client of a try that may be waiting has left.
  package func giveUp(_ number: UInt64) {
    let found = state.withLockedValue { state -> Waiting? in
      guard let waiting = state.waiting.removeValue(forKey: number) else { return nil }
      state.ledger.leave(waiting.attempt, at: clock.now)
      return waiting
    }
    guard let found else { return }
    found.end.resume(returning: nil)
    advance(found.attempt.address)
  }

  /// A login succeeded.
  package func accepted(_ attempt: LoginTry) {
    let now = clock.now
    let record = state.withLockedValue { state -> LoginRecord? in
      state.ledger.accept(attempt, at: now)
      guard let account = attempt.account else { return nil }
      let record = LoginRecord(account, from: ContactKey(attempt.address, prefixLength: prefixLength), at: now)
      return state.known.isNews(record) ? record : nil
    }
    if let record { store?.save(record) }
    advance(attempt.address)
  }

  /// Counts a refusal.
  ///
  /// - Returns: the time of the answer, counted from the start of the check.
  package func refused(_ attempt: LoginTry) -> Duration {
    let hold = state.withLockedValue { $0.ledger.refuse(attempt, at: clock.now) }
    tell()
    advance(attempt.address)
    return hold
  }

  /// The check had no result.
  package func left(_ attempt: LoginTry) {
    state.withLockedValue { $0.ledger.leave(attempt, at: clock.now) }
    advance(attempt.address)
  }

  /// The client left during the check.
  package func abandoned(_ attempt: LoginTry) {
    state.withLockedValue { $0.ledger.abandon(attempt, at: clock.now) }
    advance(attempt.address)
  }

  /// The time after which an unchecked try is answered: at least as long as a refused one.
  package var answerTime: Duration { state.withLockedValue { $0.ledger.answerTime(at: clock.now) } }

  /// Asks again for the waiting tries of an address, in their order.
  private func advance(_ address: IPAddress) {
    let ended = state.withLockedValue { state in
      var ended: [(end: CheckedContinuation<LoginTry?, Never>, attempt: LoginTry?)] = []
      for number in state.ledger.waiting(at: address) {
        guard var waiting = state.waiting[number] else { continue }
        let admission = state.ledger.admit(&waiting.attempt, at: clock.now)
        if admission == .wait { continue }
        state.waiting[number] = nil
        ended.append((waiting.end, admission == .check ? waiting.attempt : nil))
      }
      return ended
    }
    for (end, attempt) in ended { end.resume(returning: attempt) }
    if !ended.isEmpty { tell() }
  }

  private func isKnown(_ account: LoginAccount, from network: ContactKey) async -> Bool {
    let now = clock.now
    let latest = state.withLockedValue { $0.known.lastLogin(to: account, from: network) }
    if let latest { return latest + memory > now }
    // A store that cannot be read knows nobody: the limits for strangers hold, and nothing else does.
    guard let stored = try? await store?.lastLogin(to: account, from: network) else { return false }
    state.withLockedValue { $0.known.remember(LoginRecord(account, from: network, at: stored)) }
    return stored + memory > now
  }

  private func tell() {
    for note in state.withLockedValue({ $0.ledger.takeNotes() }) {
      switch note {
      case .addressLimit(let network): logger.notice("login limit reached", metadata: ["client": "\(network)"])
      case .accountLimit(let account, let latest):
        logger.notice("login limit reached", metadata: ["sasl_username": "\(account)", "client": "\(latest)"])
      }
    }
  }
}
