import MTACore
import MTASystem

/// Mails that our own reading, conversion or signing broke off at: how often, and whom it was told.
extension Database {
  /// So often may it happen.
  static let faultsAllowed = 1

  /// Counts one.
  ///
  /// - Parameter process: the one that ended by it, so that one trap is counted once, however often its record is read; nil where none did.
  /// - Returns: whether the mail is held now.
  func suspect(_ mail: String, because cause: String, process: String? = nil, at now: Timestamp) throws(SQLiteFailure)
    -> Bool
  {
    let count = try first(
      """
      INSERT INTO suspects (mail_id, cause, process, count) SELECT id, ?2, ?3, 1 FROM messages
        WHERE id = ?1 AND settled_at IS NULL
        ON CONFLICT (mail_id) DO UPDATE SET count = count + 1, cause = ?2, process = ?3
          WHERE ?3 IS NULL OR process IS NOT ?3
        RETURNING count
      """, [.text(mail), .text(cause), .text(optional: process)], at: "suspect.count"
    ) { $0.integer(0) }
    guard let count, count > Self.faultsAllowed else { return false }
    try hold(mail, because: "\(count) attempts broke off within this program: \(cause)", at: now)
    return true
  }

  /// Somebody looked at the mail: it begins anew.
  func forgetSuspect(_ mail: String) throws(SQLiteFailure) {
    try run("DELETE FROM suspects WHERE mail_id = ?1", [.text(mail)], at: "suspect.forget")
  }

  /// The mails that are held for it and of which nobody was told; none while somebody was told after `since`. They count as told from
  /// now on.
  func takeSuspects(toldSince since: Timestamp, at now: Timestamp) throws(SQLiteFailure) -> [HeldSuspect] {
    let wasTold = try first(
      "SELECT 1 FROM suspects WHERE told_at > ? LIMIT 1", [.text(since.description)], at: "suspect.find"
    ) { _ in true }
    if wasTold ?? false { return [] }
    var found: [HeldSuspect] = []
    try run(
      """
      UPDATE suspects SET told_at = ?1 WHERE told_at IS NULL AND count > ?2
        AND EXISTS (SELECT 1 FROM parcels WHERE parcels.mail_id = suspects.mail_id AND hold = 1)
        RETURNING mail_id, cause
      """, [.text(now.description), .integer(Int64(Self.faultsAllowed))], at: "suspect.tell"
    ) { row in
      if let id = row.text(0).flatMap({ MailID($0) }) { found.append(HeldSuspect(id: id, cause: row.text(1) ?? "")) }
    }
    return found
  }

  /// They are to be told of again.
  func untell(_ suspects: [HeldSuspect]) throws(SQLiteFailure) {
    for suspect in suspects {
      try run(
        "UPDATE suspects SET told_at = NULL WHERE mail_id = ?", [.text(suspect.id.description)], at: "suspect.tell")
    }
  }
}
