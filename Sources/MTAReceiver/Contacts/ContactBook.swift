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
  private let prefixLength: Int
  private let records = NIOLockedValueBox<[ContactKey: ContactRecord]>([:])
  /// The number of records in memory. Beyond it those without an offence are dropped first; the store has them all.
  private static let capacity = 100_000

  /// What operators say, and when it was read.
  private struct Orders {
    var orders = ClientOrders()
    /// As the store gave them.
    var all: [ClientOrder]?
    var readAt: MonotonicInstant?
    /// Pardons that were carried out, or are older than this book.
    var pardons: Set<ClientOrder> = []
  }
  private let orders = NIOLockedValueBox(Orders())
  /// How long orders are used before they are read again.
  private static let orderAge = Duration.seconds(1)

  package init(_ policy: ContactPolicy, store: (any ContactStore)?, clock: any WallClock) {
    rules = NIOLockedValueBox(policy)
    prefixLength = policy.prefixLength
    self.store = store
    self.clock = clock
  }

  private func key(of address: IPAddress) -> ContactKey { ContactKey(address, prefixLength: prefixLength) }

  /// Another policy holds from now on. Records stay, and so does what counts as one client.
  func renew(_ policy: ContactPolicy) { rules.withLockedValue { $0 = policy } }

  /// Counts a connection and says whether it is served. If the store cannot be read, it is served: a slow disk must not stop reception.
  package func admit(_ address: IPAddress) async -> ContactPolicy.Admission {
    let key = key(of: address)
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

  /// Whether a client that was let in has no offence, and no operator has said anything about it.
  package func isSpotless(_ address: IPAddress) -> Bool {
    let record = records.withLockedValue { $0[ContactKey(address)] }
    return record?.violations == 0 && orders.withLockedValue { $0.orders.order(for: address, at: clock.now) == nil }
  }

  /// What an operator says about a client. Orders are read anew when a client comes a second after they were read. If they cannot be read,
  /// the old ones hold.
  private func order(for address: IPAddress) async -> ClientOrder? {
    guard let store else { return nil }
    let isOld = orders.withLockedValue { orders in
      // Before they were read once, every client waits for them.
      guard let read = orders.readAt else { return true }
      if read.elapsed < Self.orderAge { return false }
      // At once, so that one of many clients reads them.
      orders.readAt = .now
      return true
    }
    if isOld, let all = try? await store.clientOrders() { take(all) }
    return orders.withLockedValue { $0.orders.order(for: address, at: clock.now) }
  }

  private func take(_ all: [ClientOrder]) {
    if orders.withLockedValue({ $0.all == all && $0.readAt != nil }) { return }
    let new = ClientOrders(all)
    let pardons = Set(all.filter { $0.kind == .forgive })
    let due = orders.withLockedValue { orders in
      // The first time there is nothing in memory that could be forgiven.
      let due = orders.all == nil ? [] : pardons.subtracting(orders.pardons)
      orders.orders = new
      orders.all = all
      orders.pardons = pardons
      if orders.readAt == nil { orders.readAt = .now }
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
        guard var record = records[key(of: address)], policy.accepted(&record) else { return nil }
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
    let key = key(of: address)
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
