package import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// The contacts that this process knows, in memory in front of the store (R1).
///
/// A record is read from the store once and then stays in memory. So a connection costs one look-up in a table. Changes go to the store
/// without a wait.
package final class ContactBook: Sendable {
  private let rules: NIOLockedValueBox<ContactPolicy>
  private var policy: ContactPolicy { rules.withLockedValue { $0 } }
  private let store: (any ContactStore)?
  private let clock: any WallClock
  private let records = NIOLockedValueBox<[ContactKey: ContactRecord]>([:])
  /// The number of records in memory. Beyond it those without an offence are dropped first; the store has them all.
  private static let capacity = 100_000

  /// What operators say, and when it was read.
  private struct Orders {
    var orders = ClientOrders()
    var readAt: MonotonicInstant?
    /// The newest pardon that was carried out.
    var forgivenAt: Timestamp
  }
  private let orders: NIOLockedValueBox<Orders>
  /// How long orders are used before they are read again.
  private static let orderAge = Duration.seconds(1)

  package init(_ policy: ContactPolicy, store: (any ContactStore)?, clock: any WallClock) {
    rules = NIOLockedValueBox(policy)
    self.store = store
    self.clock = clock
    orders = NIOLockedValueBox(Orders(forgivenAt: clock.now))
  }

  /// Another policy holds from now on. Records stay.
  func renew(_ policy: ContactPolicy) { rules.withLockedValue { $0 = policy } }

  /// Counts a connection and says whether it is served. If the store cannot be read, it is served: a slow disk must not stop reception.
  package func admit(_ address: IPAddress) async -> ContactPolicy.Admission {
    let key = ContactKey(address)
    if records.withLockedValue({ $0[key] == nil }), let stored = try? await store?.contact(key) {
      records.withLockedValue { if $0[key] == nil { $0[key] = stored } }
    }
    let policy = policy
    let order = await order(for: address)
    return change(address) { record in
      switch order?.kind {
      case .prohibit?: policy.prohibited(&record, until: order?.until, at: clock.now)
      case .allow?: policy.connected(&record, from: address, isAllowed: true, at: clock.now)
      case .forgive?, nil: policy.connected(&record, from: address, at: clock.now)
      }
    }
  }

  /// What an operator says about a client. Orders are read anew when a client comes a second after they were read. If they cannot be read,
  /// the old ones hold.
  private func order(for address: IPAddress) async -> ClientOrder? {
    guard let store else { return nil }
    let isOld = orders.withLockedValue { orders in
      if let read = orders.readAt, read.elapsed < Self.orderAge { return false }
      // At once, so that one of many clients reads them.
      orders.readAt = .now
      return true
    }
    if isOld, let all = try? await store.clientOrders() { take(all) }
    return orders.withLockedValue { $0.orders.order(for: address, at: clock.now) }
  }

  private func take(_ all: [ClientOrder]) {
    let new = ClientOrders(all)
    let pardons = all.filter { $0.kind == .forgive }
    let due = orders.withLockedValue { orders in
      orders.orders = new
      let due = pardons.filter { $0.createdAt > orders.forgivenAt }
      if let newest = due.map(\.createdAt).max() { orders.forgivenAt = newest }
      return due
    }
    for pardon in due { forgive(pardon.network) }
  }

  /// Records in memory go; the store's were changed by whoever gave the pardon.
  private func forgive(_ network: Network) {
    let changed = records.withLockedValue { records in
      var changed: [ContactRecord] = []
      for (key, record) in records where key.isWithin(network) && (record.violations > 0 || record.expiresAt != nil) {
        var record = record
        record.violations = 0
        record.expiresAt = nil
        records[key] = record
        changed.append(record)
      }
      return changed
    }
    for record in changed { store?.save(record) }
  }

  package func note(_ event: ServerSession.ContactEvent, from address: IPAddress) {
    switch event {
    case .violation:
      let policy = policy
      change(address) { policy.violated(&$0, at: clock.now) }
    case .acceptance:
      let policy = policy
      let changed = records.withLockedValue { records -> ContactRecord? in
        guard var record = records[ContactKey(address)], policy.accepted(&record) else { return nil }
        records[record.key] = record
        return record
      }
      if let changed { store?.save(changed) }
    }
  }

  /// If an offence were forgotten during its connection, the lockout of that address would begin anew. So such records stay, unless
  /// they alone fill half of the table.
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
