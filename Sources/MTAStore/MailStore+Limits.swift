package import MTACore
import NIOConcurrencyHelpers

/// What is counted of users and clients, and what operators say about users and domains.
extension MailStore: LimitStore {
  package func limitRecord(_ key: LimitKey) async throws(StoreFailure) -> LimitRecord? {
    guard !core.isClosed else { throw .closed }
    // Memory before the database, as with contacts.
    if let pending = core.writer.pendingLimit(key) { return pending }
    return try await core.reader.read { (database) throws(SQLiteFailure) in try database.limitRecord(key) }
  }

  package func save(_ record: LimitRecord) { core.writer.save(record) }

  package func accountOrders() async throws(StoreFailure) -> [AccountOrder] {
    guard !core.isClosed else { throw .closed }
    let now = core.configuration.clock.now
    let known = core.accountOrders.withLockedValue(\.self)
    let new = try await core.reader.read { (database) throws(SQLiteFailure) -> StoreCore.KnownAccountOrders? in
      let mark = try database.accountOrderMark()
      return mark == known.mark ? nil : StoreCore.KnownAccountOrders(mark: mark, orders: try database.accountOrders())
    }
    if let new { core.accountOrders.withLockedValue { $0 = new } }
    let orders = (new ?? known).orders
    return orders.contains { $0.isOver(at: now) } ? orders.filter { !$0.isOver(at: now) } : orders
  }

  package func listLimits(after last: String?, limit: Int) async throws(StoreFailure) -> [LimitRecord] {
    guard limit > 0 else { return [] }
    return try await core.reader.read { (database) throws(SQLiteFailure) in
      try database.limitRecords(after: last ?? "", limit: limit)
    }
  }

  package func save(_ order: AccountOrder) async throws(StoreFailure) {
    var order = order
    order.reason = Self.line(order.reason)
    let (now, saved) = (core.configuration.clock.now, order)
    let isSaved = try await core.write { (database) throws(SQLiteFailure) -> Bool in
      if try database.accountOrderCount(besides: saved) >= Database.maximumAccountOrders { return false }
      try database.save(saved, at: now)
      return true
    }
    guard isSaved else {
      throw .failed("\(Database.maximumAccountOrders) users and domains are suspended: resume some")
    }
  }

  package func removeOrder(_ kind: AccountOrder.Kind, _ name: String) async throws(StoreFailure) -> Bool {
    try await core.write { (database) throws(SQLiteFailure) in try database.removeOrder(kind, name) }
  }

  package func resetLimits(_ key: LimitKey?) async throws(StoreFailure) -> Int {
    let now = core.configuration.clock.now
    return try await core.write { (database) throws(SQLiteFailure) in
      let keys = try database.removeLimitRecords(of: key)
      // For a running server, which counts in memory: also of a key that is not here yet.
      for name in Set(keys + [key].compactMap(\.self)).map(\.description).sorted() {
        try database.save(AccountOrder(.resetLimits, name, createdAt: now), at: now)
      }
      return keys.count
    }
  }

  package func resumeDeliveries(to domain: Domain) async throws(StoreFailure) -> Int {
    let now = core.configuration.clock.now
    let count = try await core.write { (database) throws(SQLiteFailure) in
      try database.resumeDeliveries(to: domain, at: now)
    }
    if count > 0 { core.writer.handOvers.listeners.withLockedValue(\.self).notify() }
    return count
  }
}
