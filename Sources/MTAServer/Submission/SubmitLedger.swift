import MTACore
import NIOConcurrencyHelpers

/// Counts what each user of this machine hands in, so that one user cannot fill the queue.
///
/// An hour begins with a user's first mail and ends with its time. So the words of a refusal can say when the next one is taken.
final class SubmitLedger: Sendable {
  /// What one user has done in the running hour.
  private struct Account {
    var mails = 0
    var recipients = 0
    var began: Timestamp
  }

  private struct Accounts {
    var byUser: [UInt32: Account] = [:]
    var connections: [UInt32: Int] = [:]
  }

  /// Users that are remembered. A machine has fewer that write mail.
  private static let capacity = 65_536
  private static let hour = Duration.seconds(3600)

  private let limits: SubmitLimits
  private let clock: any WallClock
  private let accounts = NIOLockedValueBox(Accounts())

  init(_ limits: SubmitLimits, clock: any WallClock) { (self.limits, self.clock) = (limits, clock) }

  /// Counts a mail.
  ///
  /// - Returns: nil, or the minutes until the user may try again.
  func mail(of user: LocalUser) -> Int64? { count(user, \.mails, upTo: limits.mails) }

  /// Counts a recipient. Likewise.
  func recipient(of user: LocalUser) -> Int64? { count(user, \.recipients, upTo: limits.recipients) }

  /// Counts a connection.
  ///
  /// - Returns: false when the user has too many.
  func enter(_ user: LocalUser) -> Bool {
    accounts.withLockedValue { accounts in
      let here = accounts.connections[user.number] ?? 0
      guard user.isTrusted || here < limits.connections else { return false }
      accounts.connections[user.number] = here + 1
      return true
    }
  }

  func leave(_ user: LocalUser) {
    accounts.withLockedValue { accounts in
      let here = (accounts.connections[user.number] ?? 1) - 1
      accounts.connections[user.number] = here > 0 ? here : nil
    }
  }

  private func count(_ user: LocalUser, _ count: WritableKeyPath<Account, Int>, upTo limit: Int) -> Int64? {
    if user.isTrusted || limit == 0 { return nil }
    let now = clock.now
    return accounts.withLockedValue { accounts in
      var account = accounts.byUser[user.number] ?? Account(began: now)
      // A clock that was set back begins a new hour, too.
      if now < account.began || now >= account.began + Self.hour { account = Account(began: now) }
      guard account[keyPath: count] < limit else {
        let left = (account.began + Self.hour).milliseconds - now.milliseconds
        return max(1, (left + 59_999) / 60_000)
      }
      account[keyPath: count] += 1
      if accounts.byUser[user.number] == nil, accounts.byUser.count >= Self.capacity {
        accounts.byUser = accounts.byUser.filter { now < $0.value.began + Self.hour && now >= $0.value.began }
        if accounts.byUser.count >= Self.capacity { return 60 }
      }
      accounts.byUser[user.number] = account
      return nil
    }
  }
}

/// Asks the ledger, before the hooks are asked.
struct SubmitPolicy: ReceiverPolicy {
  let ledger: SubmitLedger
}

extension SubmitPolicy {
  func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict {
    guard let user = conversation.connection.localUser, let minutes = ledger.mail(of: user) else { return .proceed }
    return .defer("too many mails of user \(user.number) in an hour; try again in \(minutes) min")
  }

  func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    guard let user = conversation.connection.localUser, let minutes = ledger.recipient(of: user) else {
      return .proceed
    }
    return .defer("too many recipients of user \(user.number) in an hour; try again in \(minutes) min")
  }
}
