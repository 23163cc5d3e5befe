import MTACore
import MTASystem

/// What operators say about clients.
extension Database {
  /// There may be so many lasting orders. Servers keep them all in memory.
  static let maximumOrders = 10_000
  /// So many pardons are kept. They are for servers that run, which read them within seconds.
  private static let maximumPardons = 1000

  /// Changes whenever an order comes or goes.
  func orderMark() throws(SQLiteFailure) -> String {
    try first(
      "SELECT count(*) || ' ' || coalesce(max(id), 0) || ' ' || coalesce(max(created_at), '') FROM client_orders",
      at: "client.orders"
    ) { $0.text(0) ?? "" } ?? ""
  }

  /// How many lasting orders there are for other networks.
  func orderCount(besides network: Network) throws(SQLiteFailure) -> Int {
    try first(
      "SELECT count(*) FROM client_orders WHERE kind <> 'forgive' AND network <> ?", [.text(network.description)],
      at: "client.orders"
    ) { Int(clamping: $0.integer(0)) } ?? 0
  }

  /// All that are kept, those that are over among them.
  func clientOrders() throws(SQLiteFailure) -> [ClientOrder] {
    var orders: [ClientOrder] = []
    try run(
      "SELECT network, kind, reason, until, created_at FROM client_orders ORDER BY id", at: "client.orders"
    ) { row in
      guard let network = row.text(0).flatMap({ Network($0) }), let created = row.text(4).flatMap({ Timestamp($0) }),
        let kind = row.text(1).flatMap({ ClientOrder.Kind(rawValue: $0) })
      else { return }
      orders.append(
        ClientOrder(
          kind, network, reason: row.text(2) ?? "", until: row.text(3).flatMap { Timestamp($0) }, createdAt: created))
    }
    return orders
  }

  /// Takes the place of an earlier order for the same network. Orders that are over go. A pardon takes no order's place.
  func save(_ order: ClientOrder, at now: Timestamp) throws(SQLiteFailure) {
    if order.kind != .forgive { try removeOrders(for: order.network) }
    try run(
      """
      DELETE FROM client_orders WHERE until <= ?1 OR kind = 'forgive' AND (created_at < ?2 OR id NOT IN
        (SELECT id FROM client_orders WHERE kind = 'forgive' ORDER BY id DESC LIMIT ?3))
      """,
      [
        .text(now.description), .text((now - .seconds(86_400)).description), .integer(Int64(Self.maximumPardons)),
      ], at: "client.order")
    try run(
      "INSERT INTO client_orders (network, kind, reason, until, created_at) VALUES (?, ?, ?, ?, ?)",
      [
        .text(order.network.description), .text(order.kind.rawValue), .text(order.reason),
        .text(optional: order.until?.description), .text(order.createdAt.description),
      ], at: "client.order")
  }

  /// Pardons stay.
  /// - Returns: how many there were.
  @discardableResult
  func removeOrders(for network: Network) throws(SQLiteFailure) -> Int {
    var count = 0
    try run(
      "DELETE FROM client_orders WHERE network = ? AND kind <> 'forgive' RETURNING id", [.text(network.description)],
      at: "client.order"
    ) { _ in count += 1 }
    return count
  }

  /// A page of contacts, in the order of their texts.
  func contacts(offendersOnly: Bool, after last: String, limit: Int) throws(SQLiteFailure) -> [ContactRecord] {
    var contacts: [ContactRecord] = []
    try run(
      """
      SELECT remote_ip, hits, locks, violations, expires_at FROM contacts
        WHERE remote_ip > ?\(offendersOnly ? " AND (violations > 0 OR expires_at IS NOT NULL)" : "")
        ORDER BY remote_ip LIMIT ?
      """, [.text(last), .integer(Int64(limit))], at: "contact.list"
    ) {
      contacts.append(
        ContactRecord(
          ContactKey(stored: $0.text(0) ?? ""), hits: Int(clamping: $0.integer(1)), locks: Int(clamping: $0.integer(2)),
          violations: Int(clamping: $0.integer(3)), expiresAt: $0.text(4).flatMap { Timestamp($0) }))
    }
    return contacts
  }

  /// Forgets offences and lockouts of all contacts within a network.
  /// - Returns: how many contacts had any.
  func forgive(_ network: Network, at now: Timestamp) throws(SQLiteFailure) -> Int {
    var (count, last) = (0, "")
    while true {
      let page = try contacts(offendersOnly: true, after: last, limit: 1000)
      for contact in page where contact.key.isWithin(network) {
        try run(
          "UPDATE contacts SET violations = 0, expires_at = NULL, updated_at = ?2 WHERE remote_ip = ?1",
          [.text(contact.key.description), .text(now.description)], at: "contact.forgive")
        count += 1
      }
      guard page.count == 1000, let end = page.last else { return count }
      last = end.key.description
    }
  }
}
