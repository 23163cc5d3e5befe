public import MTACore

/// What operators say about clients.
extension MailStore {
  public func clientOrders() async throws(StoreFailure) -> [ClientOrder] {
    guard !core.isClosed else { throw .closed }
    let now = core.configuration.clock.now
    return try await core.reader.read { (database) throws(SQLiteFailure) in try database.clientOrders(at: now) }
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
    try await core.write { (database) throws(SQLiteFailure) in try database.save(saved, at: now) }
  }

  public func removeOrders(for network: Network) async throws(StoreFailure) -> Int {
    try await core.write { (database) throws(SQLiteFailure) in try database.removeOrders(for: network) }
  }

  public func forgive(_ network: Network) async throws(StoreFailure) -> Int {
    let now = core.configuration.clock.now
    return try await core.write { (database) throws(SQLiteFailure) in
      let count = try database.forgive(network, at: now)
      // For a running server, which has contacts in memory.
      let kept = try database.clientOrders(at: now).first { $0.network == network && $0.kind != .forgive }
      if kept == nil { try database.save(ClientOrder(.forgive, network, createdAt: now), at: now) }
      return count
    }
  }
}
