import MTACore
import MTASystem

extension Database {
  /// Changes one page of the selected parcels.
  ///
  /// - Parameter expiresAt: the end of the attempts of what is released.
  /// - Returns: what became of the page, and the files to remove after the commit.
  func change(
    _ change: QueueChange, _ selection: QueueSelection, after last: ParcelID?, limit: Int, at now: Timestamp,
    expiresAt: Timestamp
  ) throws(SQLiteFailure) -> (page: QueueChangePage, files: [String]) {
    var page = QueueChangePage()
    var parcels: [Int64] = []
    let condition = SelectionSQL(selection)
    var count = 0
    try run(
      """
      SELECT p.id, p.state = 'working' FROM parcels p JOIN messages m ON m.id = p.mail_id
        WHERE p.id > ? AND p.state IN ('waiting', 'working')\(condition.text) ORDER BY p.id LIMIT ?
      """, [.integer(last?.number ?? .min)] + condition.values + [.integer(Int64(limit))], at: "queue.select"
    ) { row in
      count += 1
      page.last = ParcelID(row.integer(0))
      if row.integer(1) != 0, change.sparesWorking { page.underWay += 1 } else { parcels.append(row.integer(0)) }
    }
    if count < limit { page.last = nil }
    let mails = try apply(change, to: parcels, at: now, expiresAt: expiresAt)
    page.changed = mails.count
    return (page, try settle(after: change, Set(mails), at: now))
  }

  /// - Returns: the mail of each parcel that was changed.
  private func apply(
    _ change: QueueChange, to parcels: [Int64], at now: Timestamp, expiresAt: Timestamp
  ) throws(SQLiteFailure) -> [String] {
    guard !parcels.isEmpty else { return [] }
    let due = "retry_at = ?2, updated_at = ?2"
    let (what, value, condition): (String, SQLValue?, String) =
      switch change {
      case .hold(let reason):
        (
          "hold = 1, delivery_msg = ?3, updated_at = ?2",
          .text("held: " + reason), ""
        )
      case .release, .forceRelease:
        ("hold = 0, delivery_msg = NULL, expires_at = ?3, \(due)", .text(expiresAt.description), " AND hold = 1")
      case .retry: (due, nil, " AND hold = 0")
      case .bounce(let reason):
        ("hold = 0, operator_order = ?3, \(due)", .text(ParcelOrder.fail(reason).description), "")
      case .move(let place):
        (
          "hold = 0, operator_order = ?3, \(due)",
          .text(optional: place.map { ParcelOrder.deliver(to: $0).description }), ""
        )
      case .delete(let reason):
        (
          "hold = 0, state = 'failed', delivery_msg = ?3, retry_at = NULL, updated_at = ?2",
          .text("deleted: " + reason), ""
        )
      }
    var mails: [String] = []
    try run(
      """
      UPDATE parcels SET \(what) WHERE id IN (SELECT value FROM json_each(?1))
        AND state IN ('waiting', \(change.sparesWorking ? "'waiting'" : "'working'"))\(condition) RETURNING mail_id
      """,
      [.text("[" + parcels.map { "\($0)" }.joined(separator: ",") + "]"), .text(now.description)]
        + (value.map { [$0] } ?? []),
      at: "queue.change"
    ) { mails.append($0.text(0) ?? "") }
    return mails
  }

  private func settle(
    after change: QueueChange, _ mails: Set<String>, at now: Timestamp
  ) throws(SQLiteFailure) -> [String] {
    switch change {
    case .release:
      for mail in mails { try forgetSuspect(mail) }
      return []
    case .forceRelease:
      for mail in mails {
        try forgetSuspect(mail)
        try run("UPDATE messages SET checksum = NULL WHERE id = ?", [.text(mail)], at: "checksum.forget")
      }
      return []
    case .delete:
      var files: [String] = []
      for mail in mails {
        if let id = MailID(mail), let file = try settle(id, at: now) { files.append(file) }
      }
      return files
    case .hold, .retry, .bounce, .move: return []
    }
  }
}
