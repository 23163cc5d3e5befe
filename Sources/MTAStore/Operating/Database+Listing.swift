import MTACore
import MTASystem

extension Database {
  /// A page of the parcels that are not done. It walks the table in its own order, so all pages together are one walk.
  func unfinished(
    _ selection: QueueSelection, after last: ParcelID?, limit: Int
  ) throws(SQLiteFailure) -> [QueueEntry] {
    var entries: [QueueEntry] = []
    let condition = SelectionSQL(selection)
    try run(
      """
      SELECT \(QueueEntry.columns) FROM parcels p JOIN messages m ON m.id = p.mail_id
        WHERE p.id > ? AND p.state IN ('waiting', 'working')\(condition.text) ORDER BY p.id LIMIT ?
      """, [.integer(last?.number ?? .min)] + condition.values + [.integer(Int64(limit))], at: "queue.list"
    ) { entries.append(QueueEntry($0)) }
    return entries
  }

  /// A mail's row, and all of its parcels.
  struct QueuedRows: Sendable {
    var envelope: String
    var size: Int
    var createdAt: Timestamp?
    var settledAt: Timestamp?
    var copies: [QueueEntry] = []
  }

  func queuedMail(_ id: MailID) throws(SQLiteFailure) -> QueuedRows? {
    let found = try first(
      "SELECT envelope, size, created_at, settled_at FROM messages WHERE id = ?", [.text(id.description)],
      at: "queue.show"
    ) {
      QueuedRows(
        envelope: $0.text(0) ?? "", size: Int(clamping: $0.integer(1)), createdAt: $0.text(2).flatMap { Timestamp($0) },
        settledAt: $0.text(3).flatMap { Timestamp($0) })
    }
    guard var mail = found else { return nil }
    try run(
      """
      SELECT \(QueueEntry.columns) FROM parcels p JOIN messages m ON m.id = p.mail_id WHERE p.mail_id = ? ORDER BY p.id
      """, [.text(id.description)], at: "queue.show"
    ) { mail.copies.append(QueueEntry($0)) }
    return mail
  }
}

extension QueueEntry {
  /// Of `parcels p` and `messages m`.
  fileprivate static let columns = """
    p.id, p.mail_id, p."from", p."to", p.state, p.hold, p.attempts, p.retry_at, p.delivery_msg, p.created_at, m.size, p.lane, \
    p.last_host, p.last_tls, p.last_policy, p.expires_at, p.operator_order
    """

  fileprivate init(_ row: Row) {
    let state = ParcelState(rawValue: row.text(4) ?? "") ?? .waiting
    let isHeld = row.integer(5) != 0
    self.init(
      parcel: ParcelID(row.integer(0)), mail: row.text(1) ?? "", sender: row.text(2) ?? "",
      recipient: row.text(3) ?? "",
      state: state, isHeld: isHeld, attempts: Int(clamping: row.integer(6)),
      nextTry: isHeld || state != .waiting ? nil : row.text(7).flatMap { Timestamp($0) }, message: row.text(8))
    createdAt = row.text(9).flatMap { Timestamp($0) }
    size = Int(clamping: row.integer(10))
    lane = row.text(11)
    host = row.text(12)
    encryption = row.text(13)
    tlsPolicy = row.text(14)
    expiresAt = row.text(15).flatMap { Timestamp($0) }
    order = row.text(16).flatMap { ParcelOrder($0) }
  }
}
