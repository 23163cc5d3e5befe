import MTACore
import MTASystem

/// A parcel's row as a claim returns it.
struct ParcelRow: Sendable {
  let id: ParcelID
  let to: String
  let lane: String
  let delivery: String
  let mailboxID: String?
  let ownerID: String?
  let attempts: Int
  /// The number of leases, this one included.
  let leases: Int
  let createdAt: String
  let expiresAt: String
  let warnedAt: String?
  let order: String?
}

/// The result of a claim.
struct Claim: Sendable {
  var mails: [ClaimedRows] = []
  /// Mails that could not be claimed, and why.
  var held: [(id: String, reason: String)] = []
}

/// A mail's rows as a claim returns them, not yet decoded.
struct ClaimedRows: Sendable {
  let id: MailID
  let envelope: String
  let parcels: [ParcelRow]
}

extension Database {
  /// Leases due parcels: the mails whose parcels wait longest come first, each with all of its due parcels.
  func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) throws(SQLiteFailure) -> Claim {
    var result = Claim()
    var count = 0
    for id in try dueMails(for: owner, limit: limit, leavingOut: lanes, now: now) where count < limit {
      let found = try first(
        "SELECT envelope, content IS NULL AND content_file IS NULL FROM messages WHERE id = ?", [.text(id)],
        at: "claim.mail"
      ) { (envelope: $0.text(0) ?? "", isEmpty: $0.integer(1) != 0) }
      guard let found, !found.isEmpty, let mailID = MailID(id) else {
        let reason = "the content is missing"
        try hold(id, because: reason, at: now)
        result.held.append((id, reason))
        continue
      }
      let parcels = try lease(id, to: owner, now: now, deadline: deadline)
      count += parcels.count
      if !parcels.isEmpty { result.mails.append(ClaimedRows(id: mailID, envelope: found.envelope, parcels: parcels)) }
    }
    return result
  }

  private func lease(_ id: String, to owner: LeaseOwner, now: Timestamp, deadline: Timestamp) throws(SQLiteFailure)
    -> [ParcelRow]
  {
    var parcels: [ParcelRow] = []
    let values: [SQLValue] = [
      .text(id), .text(now.description), .text(owner.description), .text(deadline.description),
      .text(owner.place + "/"),
    ]
    try run(
      """
      UPDATE parcels SET state = 'working', lease_owner = ?3, lease_until = ?4, updated_at = ?2, leases = leases + 1
        WHERE mail_id = ?1 AND hold = 0 AND (state = 'waiting' AND retry_at <= ?2
          OR state = 'working' AND lease_until <= ?2 AND substr(lease_owner, 1, length(?5)) <> ?5)
        RETURNING id, "to", delivery, mailbox_id, owner_id, attempts, leases, created_at, expires_at, warned_at, lane,
          operator_order
      """, values, at: "claim.lease"
    ) { parcels.append(ParcelRow($0)) }
    return parcels.sorted { $0.id < $1.id }
  }

  /// Holds a mail's unfinished parcels until an operator releases them.
  /// - Returns: how many.
  @discardableResult
  func hold(_ mail: String, because reason: String, at now: Timestamp) throws(SQLiteFailure) -> Int {
    var count = 0
    try run(
      """
      UPDATE parcels SET hold = 1, state = 'waiting', delivery_msg = ?2, updated_at = ?3, lease_owner = NULL, lease_until = NULL
        WHERE mail_id = ?1 AND state IN ('waiting', 'working') RETURNING id
      """, [.text(mail), .text("held: " + reason), .text(now.description)], at: "mail.hold"
    ) { _ in count += 1 }
    return count
  }

  /// Whether all of a mail that is not done is held with this reason.
  func isHeld(_ mail: String, because reason: String) throws(SQLiteFailure) -> Bool {
    try first(
      """
      SELECT 1 FROM parcels WHERE mail_id = ?1 AND state IN ('waiting', 'working')
        AND (hold = 0 OR delivery_msg IS NOT ?2) LIMIT 1
      """, [.text(mail), .text("held: " + reason)], at: "hold.find"
    ) { _ in true } == nil
  }

  /// The result of recording an outcome.
  enum Recording {
    /// The lease was lost, so the outcome was dropped.
    case dropped
    case recorded
    /// The parcel of this mail is final.
    case final(MailID)
  }

  /// An operator may have held the copy meanwhile. Then it stays held, with that reason, unless it is final.
  func record(_ result: ParcelResult, by owner: LeaseOwner, at now: Timestamp) throws(SQLiteFailure) -> Recording {
    // A lost lease: the new owner's attempt decides, but what was delivered was delivered.
    let isDelivered = result.outcome == .delivered
    let condition = isDelivered ? "" : " AND state = 'working' AND lease_owner = ?8"
    let state: ParcelState =
      switch result.outcome {
      case .delivered: .delivered
      case .deferred, .held: .waiting
      case .failed: .failed
      }
    // A deferral without an instant must not become a busy loop.
    let retryAt = state == .waiting ? (result.retryAt ?? now + .seconds(60)).description : nil
    // Only where it moves: a column of an index costs more.
    let lane = result.lane == nil ? "" : "lane = ?13, "
    let mail = try first(
      """
      UPDATE parcels SET state = ?2, delivery_at = CASE ?2 WHEN 'delivered' THEN ?3 ELSE delivery_at END, delivery_msg = CASE WHEN hold = 1 AND ?2 = 'waiting' THEN delivery_msg ELSE ?4 END,
        retry_at = ?5, updated_at = ?3, attempts = attempts + ?12, last_host = ?6, last_tls = ?7,
        last_policy = ?9, hold = CASE WHEN hold = 1 AND ?2 = 'waiting' THEN 1 ELSE ?10 END, \(lane)warned_at = CASE ?11 WHEN 1 THEN ?3 ELSE warned_at END,
        lease_owner = NULL, lease_until = NULL WHERE id = ?1\(condition) RETURNING mail_id
      """,
      [
        .integer(result.parcel.number), .text(state.rawValue), .text(now.description), .text(result.message),
        .text(optional: retryAt), .text(optional: result.host), .text(optional: result.encryption),
        .text(owner.description), .text(optional: result.tlsPolicy), .integer(result.outcome == .held ? 1 : 0),
        .integer(result.warns ? 1 : 0), .integer(result.isAttempt ? 1 : 0),
      ] + (result.lane.map { [.text($0)] } ?? []), at: "parcel.record"
    ) { $0.text(0) }
    guard let mail else { return .dropped }
    guard state != .waiting, let id = mail.flatMap({ MailID($0) }) else { return .recorded }
    return .final(id)
  }

  func renew(_ parcel: ParcelID, by owner: LeaseOwner, deadline: Timestamp) throws(SQLiteFailure) {
    try run(
      "UPDATE parcels SET lease_until = ?3 WHERE id = ?1 AND state = 'working' AND lease_owner = ?2",
      [.integer(parcel.number), .text(owner.description), .text(deadline.description)], at: "lease.renew")
  }

  func leaseOwners() throws(SQLiteFailure) -> [String] {
    var owners: [String] = []
    try run("SELECT DISTINCT lease_owner FROM parcels WHERE state = 'working'", at: "lease.owners") {
      owners.append($0.text(0) ?? "")
    }
    return owners
  }

  /// The parcels keep the retry time that made them due.
  /// - Returns: how many.
  func release(_ owner: String, except known: [ParcelID] = [], at now: Timestamp) throws(SQLiteFailure) -> Int {
    var count = 0
    let numbers = "[" + known.map { "\($0.number)" }.joined(separator: ",") + "]"
    try run(
      """
      UPDATE parcels SET state = 'waiting', lease_owner = NULL, lease_until = NULL, updated_at = ?2
        WHERE state = 'working' AND coalesce(lease_owner, '') = ?1 AND id NOT IN (SELECT value FROM json_each(?3))
        RETURNING id
      """, [.text(owner), .text(now.description), .text(numbers)], at: "lease.release"
    ) { _ in count += 1 }
    return count
  }

  /// A number that changes with each commit of any other connection, of our writer or of another process.
  func dataVersion() throws(SQLiteFailure) -> Int64? {
    try first("PRAGMA data_version", at: "change.look") { $0.integer(0) }
  }

  func nextDue() throws(SQLiteFailure) -> Timestamp? {
    try first("SELECT min(retry_at) FROM parcels WHERE state = 'waiting' AND hold = 0", at: "due.find") { $0.text(0) }?
      .flatMap { Timestamp($0) }
  }
}

extension ParcelRow {
  fileprivate init(_ row: Row) {
    self.init(
      id: ParcelID(row.integer(0)), to: row.text(1) ?? "", lane: row.text(10) ?? "", delivery: row.text(2) ?? "",
      mailboxID: row.text(3),
      ownerID: row.text(4), attempts: Int(clamping: row.integer(5)), leases: Int(clamping: row.integer(6)),
      createdAt: row.text(7) ?? "", expiresAt: row.text(8) ?? "", warnedAt: row.text(9), order: row.text(11))
  }
}
