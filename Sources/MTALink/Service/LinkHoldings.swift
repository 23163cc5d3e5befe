import MTACore
import NIOConcurrencyHelpers

/// What one receiver has of the desk: connections, tries, logins. All of it is given back when its link ends.
final class LinkHoldings: Sendable {
  struct Connection: Hashable {
    var address: IPAddress
    var isFrontEnd: Bool
  }

  /// One try, under the number that the receiver knows.
  struct Try {
    enum Standing { case begun, waiting, checking }
    enum Verdict { case right, wrong }

    var attempt: LoginTry
    var standing = Standing.begun
    /// Its credentials were given to us to verify; this once.
    var isVerified = false
    var verdict: Verdict?
  }

  struct State {
    var connections: [Connection: Int] = [:]
    var connectionCount = 0
    /// By number; numbers begin anywhere, so that one of a link before names none of this one.
    var tries: [UInt64: Try] = [:]
    var nextTry = UInt64.random(in: 1...(1 << 62))
    /// The mailbox of each login, by token; nil for a name that is no mailbox.
    var logins: [UInt64: Mailbox?] = [:]
    var loginCounts: [Mailbox?: Int] = [:]
    var isOver = false
  }

  let desk: any ReceptionDesk
  let maximum: Int
  let state = NIOLockedValueBox(State())

  init(desk: any ReceptionDesk, maximum: Int) {
    self.desk = desk
    self.maximum = maximum
  }

  // MARK: Connections

  /// Counts a connection that the desk let in. False: the link ended meanwhile, or has too many.
  func entered(_ connection: Connection) -> Bool {
    state.withLockedValue { state in
      guard !state.isOver, state.connectionCount < maximum else { return false }
      state.connections[connection, default: 0] += 1
      state.connectionCount += 1
      return true
    }
  }

  /// False: the receiver has no such connection.
  func left(_ connection: Connection) -> Bool {
    state.withLockedValue { state in
      guard let count = state.connections[connection] else { return false }
      state.connections[connection] = count > 1 ? count - 1 : nil
      state.connectionCount -= 1
      return true
    }
  }

  // MARK: Tries

  /// The number of a new try; nil when the link is over.
  func began(_ attempt: LoginTry) -> UInt64? {
    state.withLockedValue { state in
      guard !state.isOver else { return nil }
      // One that was begun and never asked for is forgotten: its client left.
      if state.tries.count >= maximum, let old = state.tries.first(where: { $0.value.standing == .begun })?.key {
        state.tries[old] = nil
      }
      guard state.tries.count < maximum else { return nil }
      let number = state.nextTry
      state.nextTry &+= 1
      state.tries[number] = Try(attempt: attempt)
      return number
    }
  }

  /// The try, which now waits to be admitted; nil if there is none that may be.
  func admitting(_ number: UInt64) -> LoginTry? {
    state.withLockedValue { state in
      guard state.tries[number]?.standing == .begun else { return nil }
      state.tries[number]?.standing = .waiting
      return state.tries[number]?.attempt
    }
  }

  /// The desk's answer to a try that waited.
  func admitted(_ number: UInt64, _ attempt: LoginTry?) -> Bool {
    let isKept = state.withLockedValue { state in
      guard !state.isOver, let attempt else {
        state.tries[number] = nil
        return false
      }
      state.tries[number]?.attempt = attempt
      state.tries[number]?.standing = .checking
      return true
    }
    if !isKept, let attempt { desk.abandoned(attempt) }
    return isKept
  }

  /// The desk's number of a try that waits.
  func waiting(_ number: UInt64) -> UInt64? {
    state.withLockedValue { state in
      state.tries[number].flatMap { $0.standing == .waiting ? $0.attempt.number : nil }
    }
  }

  /// Takes a try that is being checked, to end it.
  func takeChecked(_ number: UInt64) -> Try? {
    state.withLockedValue { state in
      state.tries[number]?.standing == .checking ? state.tries.removeValue(forKey: number) : nil
    }
  }

  // MARK: Logins

  /// The try that credentials of this name may be verified for: once, and only its own account's.
  func verifying(_ number: UInt64, _ name: String) -> LoginTry? {
    state.withLockedValue { state in
      guard let found = state.tries[number], found.standing == .checking, !found.isVerified,
        found.attempt.account == LoginAccount(name)
      else { return nil }
      state.tries[number]?.isVerified = true
      return found.attempt
    }
  }

  func refused(_ number: UInt64) { state.withLockedValue { $0.tries[number]?.verdict = .wrong } }

  /// A token for a login; nil if the link is over, or has too many.
  func loggedIn(_ number: UInt64, as mailbox: Mailbox?) -> UInt64? {
    state.withLockedValue { state in
      guard !state.isOver, state.logins.count < maximum else { return nil }
      state.tries[number]?.verdict = .right
      var token = UInt64.random(in: .min ... .max)
      while state.logins[token] != nil { token = UInt64.random(in: .min ... .max) }
      state.logins[token] = .some(mailbox)
      state.loginCounts[mailbox, default: 0] += 1
      return token
    }
  }

  func endLogin(_ token: UInt64) {
    state.withLockedValue { state in
      guard let mailbox = state.logins.removeValue(forKey: token) else { return }
      let count = (state.loginCounts[mailbox] ?? 1) - 1
      state.loginCounts[mailbox] = count > 0 ? count : nil
    }
  }

  /// Whether a session of the receiver is logged in as this mailbox; nil: as a name that is none.
  func hasLogin(_ mailbox: Mailbox?) -> Bool { state.withLockedValue { $0.loginCounts[mailbox] != nil } }

  // MARK: The end

  /// Gives all back.
  func end() {
    let old = state.withLockedValue { state in
      defer { state = State(isOver: true) }
      return state
    }
    for (connection, count) in old.connections {
      for _ in 0..<count { desk.leave(connection.address, isFrontEnd: connection.isFrontEnd) }
    }
    for entry in old.tries.values {
      switch entry.standing {
      case .begun: break
      case .waiting: desk.giveUp(entry.attempt.number)
      case .checking where entry.verdict == .wrong: Task { [desk] in await desk.refused(entry.attempt) }
      case .checking: desk.abandoned(entry.attempt)
      }
    }
  }
}
