import MTACore
import MTASystem

extension Database {
  func save(_ record: ContactRecord, at now: Timestamp) throws(SQLiteFailure) {
    try run(
      """
      INSERT INTO contacts (remote_ip, hits, locks, violations, expires_at, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
        ON CONFLICT (remote_ip) DO UPDATE SET hits = ?2, locks = ?3, violations = ?4, expires_at = ?5, updated_at = ?6
      """,
      [
        .text(record.key.description), .integer(Int64(record.hits)), .integer(Int64(record.locks)),
        .integer(Int64(record.violations)), .text(optional: record.expiresAt?.description), .text(now.description),
      ], at: "contact.save")
  }

  /// Whether there is a contact that was last changed before `cutoff`, and is not locked out at `now`.
  func hasOldContacts(before cutoff: Timestamp, now: Timestamp) throws(SQLiteFailure) -> Bool {
    try first(
      "SELECT 1 FROM contacts WHERE updated_at < ? AND (expires_at IS NULL OR expires_at < ?) LIMIT 1",
      [.text(cutoff.description), .text(now.description)], at: "contact.find-old"
    ) { _ in true } ?? false
  }

  /// Removes up to `limit` such contacts.
  /// - Returns: how many were removed.
  func removeOldContacts(before cutoff: Timestamp, now: Timestamp, limit: Int) throws(SQLiteFailure) -> Int {
    var count = 0
    try run(
      """
      DELETE FROM contacts WHERE id IN (SELECT id FROM contacts
        WHERE updated_at < ?1 AND (expires_at IS NULL OR expires_at < ?2) LIMIT ?3) RETURNING id
      """, [.text(cutoff.description), .text(now.description), .integer(Int64(limit))], at: "contact.remove"
    ) { _ in count += 1 }
    return count
  }

  func contact(_ key: ContactKey) throws(SQLiteFailure) -> ContactRecord? {
    try first(
      "SELECT hits, locks, violations, expires_at FROM contacts WHERE remote_ip = ?", [.text(key.description)],
      at: "contact.find"
    ) {
      ContactRecord(
        key, hits: Int(clamping: $0.integer(0)), locks: Int(clamping: $0.integer(1)),
        violations: Int(clamping: $0.integer(2)),
        expiresAt: $0.text(3).flatMap { Timestamp($0) })
    }
  }
}
