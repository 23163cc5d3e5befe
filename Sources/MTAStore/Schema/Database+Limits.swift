import MTACore
import MTASystem

/// What was counted of users and clients, and what operators say about users and domains.
extension Database {
  private static let limitColumns =
    "key, hour_began, hour_mails, hour_recipients, day_began, day_mails, day_recipients"

  func save(_ record: LimitRecord) throws(SQLiteFailure) {
    try run(
      """
      INSERT INTO sending_counts (key, hour_began, hour_mails, hour_recipients, day_began, day_mails, day_recipients)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (key) DO UPDATE SET hour_began = ?2, hour_mails = ?3, hour_recipients = ?4, day_began = ?5,
          day_mails = ?6, day_recipients = ?7
      """,
      [
        .text(record.key.description), .text(record.hour.began.description), .integer(Int64(record.hour.mails)),
        .integer(Int64(record.hour.recipients)), .text(record.day.began.description),
        .integer(Int64(record.day.mails)), .integer(Int64(record.day.recipients)),
      ], at: "limit.save")
  }

  func limitRecord(_ key: LimitKey) throws(SQLiteFailure) -> LimitRecord? {
    try first(
      "SELECT \(Self.limitColumns) FROM sending_counts WHERE key = ?", [.text(key.description)], at: "limit.find"
    ) { LimitRecord($0) } ?? nil
  }

  /// In the order of the texts of their keys.
  func limitRecords(after last: String, limit: Int) throws(SQLiteFailure) -> [LimitRecord] {
    var records: [LimitRecord] = []
    try run(
      "SELECT \(Self.limitColumns) FROM sending_counts WHERE key > ? ORDER BY key LIMIT ?",
      [.text(last), .integer(Int64(limit))], at: "limit.list"
    ) { if let record = LimitRecord($0) { records.append(record) } }
    return records
  }

  /// Nil: of all keys.
  /// - Returns: the keys.
  func removeLimitRecords(of key: LimitKey?) throws(SQLiteFailure) -> [LimitKey] {
    var keys: [LimitKey] = []
    try run(
      "DELETE FROM sending_counts WHERE ?1 IS NULL OR key = ?1 RETURNING key", [.text(optional: key?.description)],
      at: "limit.remove"
    ) { if let key = $0.text(0).flatMap({ LimitKey(stored: $0) }) { keys.append(key) } }
    return keys
  }

  /// Whether the day of any record began before `cutoff`.
  func hasOldLimitRecords(before cutoff: Timestamp) throws(SQLiteFailure) -> Bool {
    try first(
      "SELECT 1 FROM sending_counts WHERE day_began < ? LIMIT 1", [.text(cutoff.description)], at: "limit.find-old"
    ) { _ in true } ?? false
  }

  /// Removes up to `limit` such records. An hour began within its day or later: two days are the end of both.
  /// - Returns: how many were removed.
  func removeOldLimitRecords(before cutoff: Timestamp, limit: Int) throws(SQLiteFailure) -> Int {
    var count = 0
    try run(
      """
      DELETE FROM sending_counts WHERE id IN (SELECT id FROM sending_counts WHERE day_began < ? LIMIT ?) RETURNING id
      """, [.text(cutoff.description), .integer(Int64(limit))], at: "limit.remove"
    ) { _ in count += 1 }
    return count
  }

  // MARK: Orders

  /// There may be so many lasting orders. Servers keep them all in memory.
  static let maximumAccountOrders = 10_000
  /// So many pardons are kept, for a day. They are for servers that run, which read them within seconds.
  private static let maximumPardons = 1000

  /// Changes whenever an order comes or goes.
  func accountOrderMark() throws(SQLiteFailure) -> String {
    try first(
      "SELECT count(*) || ' ' || coalesce(max(id), 0) || ' ' || coalesce(max(created_at), '') FROM account_orders",
      at: "account.orders"
    ) { $0.text(0) ?? "" } ?? ""
  }

  func accountOrderCount(besides order: AccountOrder) throws(SQLiteFailure) -> Int {
    try first(
      "SELECT count(*) FROM account_orders WHERE kind <> ?1 AND NOT (kind = ?2 AND name = ?3)",
      [.text(AccountOrder.Kind.resetLimits.rawValue), .text(order.kind.rawValue), .text(order.name)],
      at: "account.orders"
    ) { Int(clamping: $0.integer(0)) } ?? 0
  }

  func accountOrders() throws(SQLiteFailure) -> [AccountOrder] {
    var orders: [AccountOrder] = []
    try run(
      "SELECT kind, name, reason, until, created_at FROM account_orders ORDER BY id", at: "account.orders"
    ) { row in
      guard let kind = row.text(0).flatMap({ AccountOrder.Kind(rawValue: $0) }), let name = row.text(1),
        let created = row.text(4).flatMap({ Timestamp($0) })
      else { return }
      orders.append(
        AccountOrder(
          kind, name, reason: row.text(2) ?? "", until: row.text(3).flatMap { Timestamp($0) }, createdAt: created))
    }
    return orders
  }

  /// Takes the place of an earlier order. Orders that are over go. A pardon takes no order's place.
  func save(_ order: AccountOrder, at now: Timestamp) throws(SQLiteFailure) {
    let pardon = AccountOrder.Kind.resetLimits
    if order.kind != pardon { _ = try removeOrder(order.kind, order.name) }
    try run(
      """
      DELETE FROM account_orders WHERE until <= ?1 OR kind = ?4 AND (created_at < ?2 OR id NOT IN
        (SELECT id FROM account_orders WHERE kind = ?4 ORDER BY id DESC LIMIT ?3))
      """,
      [
        .text(now.description), .text((now - .seconds(86_400)).description), .integer(Int64(Self.maximumPardons)),
        .text(pardon.rawValue),
      ], at: "account.order")
    try run(
      "INSERT INTO account_orders (kind, name, reason, until, created_at) VALUES (?, ?, ?, ?, ?)",
      [
        .text(order.kind.rawValue), .text(order.name), .text(order.reason),
        .text(optional: order.until?.description), .text(order.createdAt.description),
      ], at: "account.order")
  }

  /// - Returns: whether there was one.
  func removeOrder(_ kind: AccountOrder.Kind, _ name: String) throws(SQLiteFailure) -> Bool {
    var isFound = false
    try run(
      "DELETE FROM account_orders WHERE kind = ? AND name = ? RETURNING id", [.text(kind.rawValue), .text(name)],
      at: "account.order"
    ) { _ in isFound = true }
    return isFound
  }

  /// Makes copies due that wait because their domain was suspended.
  /// - Returns: how many.
  func resumeDeliveries(to domain: Domain, at now: Timestamp) throws(SQLiteFailure) -> Int {
    var parcels: [Int64] = []
    try run(
      """
      SELECT id, "to" FROM parcels WHERE state = 'waiting' AND hold = 0 AND retry_at > ?1
        AND substr(delivery_msg, 1, length(?2)) = ?2
      """, [.text(now.description), .text(AccountOrder.suspensionWords)], at: "account.resume"
    ) { row in
      let mailbox = row.text(1).flatMap { Mailbox($0) }
      if mailbox?.domain.canonical == domain.canonical { parcels.append(row.integer(0)) }
    }
    for parcel in parcels {
      try run(
        "UPDATE parcels SET retry_at = ?2, updated_at = ?2 WHERE id = ?1", [.integer(parcel), .text(now.description)],
        at: "account.resume")
    }
    return parcels.count
  }
}

extension LimitRecord {
  fileprivate init?(_ row: Row) {
    guard let key = row.text(0).flatMap({ LimitKey(stored: $0) }), let hour = row.text(1).flatMap({ Timestamp($0) }),
      let day = row.text(4).flatMap({ Timestamp($0) })
    else { return nil }
    self.init(
      key,
      hour: LimitWindow(
        began: hour, mails: Int(clamping: row.integer(2)), recipients: Int(clamping: row.integer(3))),
      day: LimitWindow(began: day, mails: Int(clamping: row.integer(5)), recipients: Int(clamping: row.integer(6))))
  }
}
