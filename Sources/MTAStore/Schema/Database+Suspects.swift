import MTACore
import MTASystem

/// Mails at which our own reading, conversion or signing broke off: how often, and who was told.
extension Database {
  /// How often this may happen.
  static let faultsAllowed = 1

  /// Counts one fault.
  ///
  /// - Parameter process: the process that trapped. So one trap counts once, however often its record is read. Nil if no process ended.
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

  /// An operator released the mail: counting begins anew.
  func forgetSuspect(_ mail: String) throws(SQLiteFailure) {
    try run("DELETE FROM suspects WHERE mail_id = ?1", [.text(mail)], at: "suspect.forget")
  }

  /// The held suspects that were not told yet; none if some were told after `since`. They count as told from now on.
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

  /// They count as not told.
  func untell(_ suspects: [HeldSuspect]) throws(SQLiteFailure) {
    for suspect in suspects {
      try run(
        "UPDATE suspects SET told_at = NULL WHERE mail_id = ?", [.text(suspect.id.description)], at: "suspect.tell")
    }
  }
}
