import MTACore
import MTASystem

extension Database {
  /// A page of the parcels that are not done. It walks the table in its own order, so all pages together are one walk.
  func unfinished(heldOnly: Bool, after last: ParcelID?, limit: Int) throws(SQLiteFailure) -> [QueueEntry] {
    var entries: [QueueEntry] = []
    try run(
      """
      SELECT id, mail_id, "from", "to", state, hold, attempts, retry_at, delivery_msg FROM parcels
        WHERE id > ?1 AND state IN ('waiting', 'working') \(heldOnly ? "AND hold = 1" : "") ORDER BY id LIMIT ?2
      """, [.integer(last?.number ?? .min), .integer(Int64(limit))], at: "queue.list"
    ) { entries.append(QueueEntry($0)) }
    return entries
  }
}

extension QueueEntry {
  fileprivate init(_ row: Row) {
    let state = ParcelState(rawValue: row.text(4) ?? "") ?? .waiting
    let isHeld = row.integer(5) != 0
    self.init(
      parcel: ParcelID(row.integer(0)), mail: row.text(1) ?? "", sender: row.text(2) ?? "",
      recipient: row.text(3) ?? "",
      state: state, isHeld: isHeld, attempts: Int(clamping: row.integer(6)),
      nextTry: isHeld || state == .working ? nil : row.text(7).flatMap { Timestamp($0) }, message: row.text(8))
  }
}
