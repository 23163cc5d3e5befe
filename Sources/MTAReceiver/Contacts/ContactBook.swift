package import MTACore
import NIOConcurrencyHelpers

/// The contacts that this process knows, in front of the store that keeps them (R1).
///
/// A record is read from the store once and lives in memory from then on, so that a connection costs a look-up in a table;
/// changes go to the store without anybody waiting.
package final class ContactBook: Sendable {
  private let policy: ContactPolicy
  private let store: (any ContactStore)?
  private let clock: any WallClock
  private let records = NIOLockedValueBox<[ContactKey: ContactRecord]>([:])
  /// Records kept in memory; beyond it those without an offence go first, for the store has them all.
  private static let capacity = 100_000

  package init(_ policy: ContactPolicy, store: (any ContactStore)?, clock: any WallClock) {
    self.policy = policy
    self.store = store
    self.clock = clock
  }

  /// Counts a connection and says whether it comes in. A store that cannot be read lets it in: the door must not fall
  /// shut for everybody because a disk is slow.
  package func admit(_ address: IPAddress) async -> ContactPolicy.Admission {
    let key = ContactKey(address)
    if records.withLockedValue({ $0[key] == nil }), let stored = try? await store?.contact(key) {
      records.withLockedValue { if $0[key] == nil { $0[key] = stored } }
    }
    return change(address) { policy.connected(&$0, from: address, at: clock.now) }
  }

  package func note(_ event: ServerSession.ContactEvent, from address: IPAddress) {
    switch event {
    case .violation: change(address) { policy.violated(&$0, at: clock.now) }
    case .acceptance:
      let changed = records.withLockedValue { records -> ContactRecord? in
        guard var record = records[ContactKey(address)], policy.accepted(&record) else { return nil }
        records[record.key] = record
        return record
      }
      if let changed { store?.save(changed) }
    }
  }

  /// An offence that is forgotten while its connection lasts would let the lockout of that address begin anew, so those
  /// stay unless they alone fill half of the table.
  private static func makeRoom(_ records: inout [ContactKey: ContactRecord]) {
    records = records.filter { $0.value.violations > 0 }
    if records.count > capacity / 2 { records.removeAll() }
  }

  @discardableResult
  private func change<Result>(_ address: IPAddress, _ body: (inout ContactRecord) -> Result) -> Result {
    let key = ContactKey(address)
    let (record, result) = records.withLockedValue { records in
      if records.count >= Self.capacity, records[key] == nil { Self.makeRoom(&records) }
      var record = records[key] ?? ContactRecord(key)
      let result = body(&record)
      records[key] = record
      return (record, result)
    }
    store?.save(record)
    return result
  }
}
