import MTACore
import MTASystem

extension Database {
  /// The first and the last number of a parcel; nil if there is none.
  func parcelNumbers() throws(SQLiteFailure) -> ClosedRange<Int64>? {
    guard
      let first = try first("SELECT min(id) FROM parcels", at: "queue.count", { $0.isNull(0) ? nil : $0.integer(0) })
        ?? nil,
      let last = try self.first("SELECT max(id) FROM parcels", at: "queue.count", { $0.integer(0) }), first <= last
    else { return nil }
    return first...last
  }

  /// Adds the parcels of these numbers that are not done.
  func counted(
    _ numbers: ClosedRange<Int64>, into census: QueueCensus, at now: Timestamp
  ) throws(SQLiteFailure) -> QueueCensus {
    var census = census
    try run(
      """
      SELECT hold, state = 'working', created_at FROM parcels
        WHERE id BETWEEN ?1 AND ?2 AND state IN ('waiting', 'working')
      """, [.integer(numbers.lowerBound), .integer(numbers.upperBound)], at: "queue.count"
    ) { row in
      let state: QueueCensus.State = row.integer(0) != 0 ? .held : row.integer(1) != 0 ? .working : .waiting
      census.add(state, since: row.text(2).flatMap { Timestamp($0) } ?? now, at: now)
    }
    return census
  }

  /// Writes the head of the file anew as it is. Within a transaction it is a write like any other.
  func rewriteHead() throws(SQLiteFailure) {
    try run("PRAGMA application_id = \(Schema.applicationID)", at: "store.prove")
  }
}
