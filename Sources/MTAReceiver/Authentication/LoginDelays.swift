package import MTACore
import NIOConcurrencyHelpers

/// How long the answer to a refused login is held back: 1, 2, 4, … at most 30 seconds, growing with the refusals that an
/// address has earned, which are remembered for as long as violations are.
///
/// Only refusals wait. A login that succeeds from the same address is answered at once and forgives nothing, so one good
/// account does not buy guesses at others. Networks that are never prohibited, such as a webmail host's, wait neither.
package final class LoginDelays: Sendable {
  private struct Record {
    var refusals = 0
    var expiresAt: Timestamp
  }

  private let policy: ContactPolicy
  private let clock: any WallClock
  private let records = NIOLockedValueBox<[ContactKey: Record]>([:])
  /// Addresses remembered; beyond it those whose time is over are dropped, and if none is, all.
  private static let capacity = 100_000

  package init(_ policy: ContactPolicy, clock: any WallClock) {
    self.policy = policy
    self.clock = clock
  }

  /// Counts a refusal, and says how long its answer waits.
  package func refused(_ address: IPAddress) -> Duration {
    if policy.neverProhibit.contains(where: { $0.contains(address) }) { return .zero }
    let (key, now) = (ContactKey(address), clock.now)
    return records.withLockedValue { records in
      if records.count >= Self.capacity, records[key] == nil {
        records = records.filter { $0.value.expiresAt > now }
        if records.count >= Self.capacity { records.removeAll() }
      }
      var record = records[key] ?? Record(expiresAt: now)
      if record.expiresAt <= now { record.refusals = 0 }
      record.refusals += 1
      record.expiresAt = now + policy.prohibited
      records[key] = record
      return Self.delay(after: record.refusals)
    }
  }

  package static func delay(after refusals: Int) -> Duration {
    switch refusals {
    case ..<1: .zero
    case 1...5: .seconds(1 << (refusals - 1))
    default: .seconds(30)
    }
  }
}
