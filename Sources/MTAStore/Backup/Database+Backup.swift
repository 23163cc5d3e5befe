import MTACore
import MTASystem
import NIOCore

/// What a backup reads and a restore writes. The order of these columns is part of the format.
extension Database {
  static let backedUpCopy = [
    "from", "to", "delivery", "delivery_at", "delivery_msg", "retry_at", "created_at", "updated_at", "state", "hold",
    "attempts", "expires_at", "warned_at", "mailbox_id", "owner_id", "notify", "orcpt", "last_host", "last_tls",
    "priority", "forwarded_for", "last_policy", "leases", "lane", "operator_order",
  ]
  private static let copyColumns = backedUpCopy.map { "\"\($0)\"" }.joined(separator: ", ")

  /// A mail at one instant.
  struct BackedUpRows {
    /// `id`, `size`, `created_at`, `settled_at`, `envelope`, `trace`, `checksum`.
    var mail: [SQLValue]
    var copies: [[SQLValue]] = []
    var size: Int
    var isSettled: Bool
    var contentFile: String?
    var content: ByteBuffer?
  }

  /// The numbers of the next mails.
  func mailNumbers(after last: Int64, limit: Int) throws(SQLiteFailure) -> [Int64] {
    var numbers: [Int64] = []
    try run(
      "SELECT rowid FROM messages WHERE rowid > ? ORDER BY rowid LIMIT ?", [.integer(last), .integer(Int64(limit))],
      at: "backup.list"
    ) { numbers.append($0.integer(0)) }
    return numbers
  }

  /// Nil if it is gone.
  func backedUpMail(_ number: Int64) throws(SQLiteFailure) -> BackedUpRows? {
    // One snapshot for the mail and its copies.
    try run("BEGIN", at: "backup.begin")
    defer { rollBack() }
    var rows = try first(
      """
      SELECT id, size, created_at, settled_at, envelope, trace, checksum, content_file, content FROM messages
        WHERE rowid = ?
      """, [.integer(number)], at: "backup.read"
    ) { row in
      BackedUpRows(
        mail: (0..<7).map { row.value(Int32($0)) }, size: Int(clamping: row.integer(1)), isSettled: !row.isNull(3),
        contentFile: row.text(7), content: row.blob(8))
    }
    guard rows != nil else { return nil }
    var copies: [[SQLValue]] = []
    try run(
      "SELECT \(Self.copyColumns) FROM parcels WHERE mail_id = (SELECT id FROM messages WHERE rowid = ?) ORDER BY id",
      [.integer(number)], at: "backup.read"
    ) { row in copies.append(Self.backedUpCopy.indices.map { row.value(Int32($0)) }) }
    rows?.copies = copies
    return rows
  }

  /// Rows of a small table, in the order of their numbers.
  func backedUp(
    _ columns: String, of table: String, after last: Int64, limit: Int
  ) throws(SQLiteFailure) -> [(number: Int64, values: [SQLValue])] {
    let count = columns.split(separator: ",").count
    var rows: [(number: Int64, values: [SQLValue])] = []
    try run(
      "SELECT id, \(columns) FROM \(table) WHERE id > ? ORDER BY id LIMIT ?",
      [.integer(last), .integer(Int64(limit))], at: "backup.read"
    ) { row in rows.append((row.integer(0), (1...count).map { row.value(Int32($0)) })) }
    return rows
  }

  static let backedUpContact = "remote_ip, hits, locks, violations, expires_at, created_at, updated_at"
  static let backedUpLogin = "account, network, last_login"
  static let backedUpOrder = "network, kind, reason, until, created_at"

  /// - Returns: false if there is such a mail.
  func restore(_ mail: RestoredMail) throws(SQLiteFailure) -> Bool {
    let id = SQLValue.text(mail.id.description)
    if try has(mail: mail.id.description) { return false }
    try run(
      """
      INSERT INTO messages (id, size, created_at, settled_at, envelope, trace, checksum, content_file, content)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      mail.row + [.text(optional: mail.contentFile), mail.content.map(SQLValue.blob) ?? .null],
      at: "restore.mail")
    let places = Self.backedUpCopy.map { _ in "?" }.joined(separator: ", ")
    for copy in mail.copies {
      try run(
        "INSERT INTO parcels (mail_id, \(Self.copyColumns)) VALUES (?, \(places))", [id] + copy, at: "restore.copy")
    }
    return true
  }

  /// Of two records of one client the stricter values count.
  func restore(contact values: [SQLValue]) throws(SQLiteFailure) {
    try run(
      """
      INSERT INTO contacts (\(Self.backedUpContact)) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (remote_ip) DO UPDATE SET
        hits = max(hits, excluded.hits), locks = max(locks, excluded.locks),
        violations = max(violations, excluded.violations),
        expires_at = nullif(max(coalesce(expires_at, ''), coalesce(excluded.expires_at, '')), ''),
        created_at = min(created_at, excluded.created_at), updated_at = max(updated_at, excluded.updated_at)
      """, values, at: "restore.contact")
  }

  func restore(login values: [SQLValue]) throws(SQLiteFailure) {
    try run(
      """
      INSERT INTO logins (\(Self.backedUpLogin)) VALUES (?, ?, ?)
        ON CONFLICT (account, network) DO UPDATE SET last_login = max(last_login, excluded.last_login)
      """, values, at: "restore.login")
  }

  /// What an operator said since about the same network stays.
  func restore(order values: [SQLValue]) throws(SQLiteFailure) {
    try run(
      """
      INSERT INTO client_orders (\(Self.backedUpOrder)) SELECT ?1, ?2, ?3, ?4, ?5
        WHERE NOT EXISTS (SELECT 1 FROM client_orders WHERE network = ?1)
      """, values, at: "restore.order")
  }
}

extension Row {
  /// As it is stored.
  func value(_ column: Int32) -> SQLValue {
    switch kind(column) {
    case .null: .null
    case .integer: .integer(integer(column))
    case .text: .text(text(column) ?? "")
    case .blob: .blob(blob(column) ?? ByteBuffer())
    }
  }
}
