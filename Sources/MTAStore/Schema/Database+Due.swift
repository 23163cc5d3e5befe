import MTACore
import MTASystem

/// The due parcels, in the order in which they are claimed.
extension Database {
  /// The mails that a claim goes through until it has enough: those of urgent parcels first (RFC 6710 §4.2), then by due time, and last
  /// those whose lease of another place has expired.
  func dueMails(for owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp) throws(SQLiteFailure)
    -> [String]
  {
    var mails: [String] = []
    var seen: Set<String> = []
    func add(_ id: String) { if seen.insert(id).inserted { mails.append(id) } }
    if lanes.isEmpty {
      // The urgent ones have an index of their own, so that none is walked for the sake of a few.
      for condition in ["AND priority > 0 ", ""] {
        try run(
          """
          SELECT mail_id FROM parcels WHERE state = 'waiting' AND hold = 0 \(condition)AND retry_at <= ?1
            ORDER BY retry_at, mail_id LIMIT ?2
          """, [.text(now.description), .integer(Int64(limit))], at: "claim.find"
        ) { if let id = $0.text(0) { add(id) } }
      }
    } else {
      let list = SQLValue.text(CompactJSON.list(lanes))
      for isUrgent in [true, false] {
        for parcel in try due(isUrgent: isUrgent, limit: limit, leavingOut: list, now: now) { add(parcel.mail) }
      }
    }
    // Leases of the owner's place end with their owner, or by its word; only those of other places lapse.
    try run(
      """
      SELECT mail_id FROM parcels WHERE state = 'working' AND hold = 0 AND lease_until <= ?1
        AND substr(lease_owner, 1, length(?2)) <> ?2 ORDER BY lease_until LIMIT ?3
      """, [.text(now.description), .text(owner.place + "/"), .integer(Int64(limit))], at: "claim.find"
    ) { if let id = $0.text(0) { add(id) } }
    return mails
  }

  private struct DueParcel: Comparable {
    let due: String
    let mail: String

    static func < (a: Self, b: Self) -> Bool { (a.due, a.mail) < (b.due, b.mail) }
  }

  /// The first due parcels outside these lanes. It walks only over lanes, one step each, and over parcels of the earliest lanes.
  private func due(isUrgent: Bool, limit: Int, leavingOut list: SQLValue, now: Timestamp) throws(SQLiteFailure)
    -> ArraySlice<DueParcel>
  {
    // Each lane has a parcel that is due when the lane is: those after the first `limit` lanes have none of the first `limit` parcels.
    var names: [String] = []
    try run(
      """
      SELECT name FROM lanes WHERE urgent = ?1 AND due <= ?2 AND name NOT IN (SELECT value FROM json_each(?3))
        ORDER BY due, name LIMIT ?4
      """, [.integer(isUrgent ? 1 : 0), .text(now.description), list, .integer(Int64(limit))], at: "claim.find"
    ) { if let name = $0.text(0) { names.append(name) } }
    var found = names.map { _ in [DueParcel]() }
    var searched = Array(names.indices)
    // A few of each lane, then more of those that may have more of the first.
    var part = max(8, 2 * limit / max(1, names.count))
    while true {
      for lane in searched {
        found[lane] = try due(in: names[lane], isUrgent: isUrgent, limit: min(part, limit), now: now)
      }
      let first = found.flatMap(\.self).sorted().prefix(limit)
      guard part < limit, let last = first.last else { return first }
      searched = searched.filter { lane in
        guard found[lane].count == part, let end = found[lane].last else { return false }
        return first.count < limit || end < last
      }
      if searched.isEmpty { return first }
      part *= 4
    }
  }

  private func due(in lane: String, isUrgent: Bool, limit: Int, now: Timestamp) throws(SQLiteFailure) -> [DueParcel] {
    var parcels: [DueParcel] = []
    try run(
      """
      SELECT retry_at, mail_id FROM parcels WHERE lane = ?1 AND (priority > 0) = ?2 AND state = 'waiting' AND hold = 0
        AND retry_at <= ?3 ORDER BY retry_at, mail_id LIMIT ?4
      """, [.text(lane), .integer(isUrgent ? 1 : 0), .text(now.description), .integer(Int64(limit))], at: "claim.find"
    ) { parcels.append(DueParcel(due: $0.text(0) ?? "", mail: $0.text(1) ?? "")) }
    return parcels
  }
}
