public import MTACore
import NIOConcurrencyHelpers

/// What operators say about clients.
extension MailStore {
  public func clientOrders() async throws(StoreFailure) -> [ClientOrder] {
    guard !core.isClosed else { throw .closed }
    let now = core.configuration.clock.now
    let known = core.orders.withLockedValue(\.self)
    let new = try await core.reader.read { (database) throws(SQLiteFailure) -> StoreCore.KnownOrders? in
      let mark = try database.orderMark()
      return mark == known.mark ? nil : StoreCore.KnownOrders(mark: mark, orders: try database.clientOrders())
    }
    if let new { core.orders.withLockedValue { $0 = new } }
    let orders = (new ?? known).orders
    // The same array as long as nothing changes: whoever has it sees that at once.
    return orders.contains { $0.isOver(at: now) } ? orders.filter { !$0.isOver(at: now) } : orders
  }

  public func listContacts(
    offendersOnly: Bool, after last: ContactKey?, limit: Int
  ) async throws(StoreFailure) -> [ContactRecord] {
    guard limit > 0 else { return [] }
    return try await core.reader.read { (database) throws(SQLiteFailure) in
      try database.contacts(offendersOnly: offendersOnly, after: last?.description ?? "", limit: limit)
    }
  }

  public func save(_ order: ClientOrder) async throws(StoreFailure) {
    var order = order
    order.reason = Self.line(order.reason)
    let (now, saved) = (core.configuration.clock.now, order)
    let isSaved = try await core.write { (database) throws(SQLiteFailure) -> Bool in
      if saved.kind != .forgive, try database.orderCount(besides: saved.network) >= Database.maximumOrders {
        return false
      }
      try database.save(saved, at: now)
      return true
    }
    guard isSaved else {
      throw .failed("there are \(Database.maximumOrders) orders about clients: remove some, or name wider networks")
    }
  }

  public func removeOrders(for network: Network) async throws(StoreFailure) -> Int {
    try await core.write { (database) throws(SQLiteFailure) in try database.removeOrders(for: network) }
  }

  public func forgive(_ network: Network) async throws(StoreFailure) -> Int {
    let now = core.configuration.clock.now
    return try await core.write { (database) throws(SQLiteFailure) in
      let count = try database.forgive(network, at: now)
      // For a running server, which has contacts in memory.
      try database.save(ClientOrder(.forgive, network, createdAt: now), at: now)
      return count
    }
  }
}
