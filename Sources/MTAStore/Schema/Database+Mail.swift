import MTACore
import MTASystem
import NIOCore

/// A mail on its way into the database, with everything that the writer needs. The caller's thread prepares it.
struct NewMail: Sendable {
  let envelope: Envelope
  let envelopeText: String
  let trace: ByteBuffer
  /// Nil when the content is in a file.
  let content: ByteBuffer?
  let contentFile: String?
  let size: Int
  /// Of content and trace, in this order: see ``ContentCheck``.
  let checksum: UInt32
  let expiresAt: Timestamp
  /// The lanes of the recipients' parcels, in the envelope's order.
  let lanes: [String]

  /// Whether a runner can deliver it at once.
  var isDue: Bool { isUnfinished && envelope.hold == nil && envelope.dueAt <= envelope.receivedAt }

  /// Whether anything is left to deliver, held or not.
  var isUnfinished: Bool { envelope.recipients.contains { $0.delivery != .none } }

  /// The lanes of the parcels that are to be delivered.
  var unfinishedLanes: [String] {
    zip(envelope.recipients, lanes).compactMap { $0.delivery == .none ? nil : $1 }
  }
}

/// A lease that exists from the begin of a parcel.
struct NewLease: Sendable {
  let owner: LeaseOwner
  let deadline: Timestamp
}

extension NewMail {
  /// Reports are small, so their content is kept in the database.
  init(_ report: QueuedReport, _ configuration: MailStore.Configuration) throws(StoreFailure) {
    self.init(
      envelope: report.envelope, envelopeText: try EnvelopeText.encode(report.envelope), trace: ByteBuffer(),
      content: report.content, contentFile: nil, size: report.content.readableBytes,
      checksum: ContentCheck(of: report.content, behind: ByteBuffer()).value,
      expiresAt: report.envelope.expiry(after: configuration.queueLifetime),
      lanes: report.envelope.recipients.map(configuration.lane))
  }
}

extension Database {
  /// State D3 of `Docs/DURABILITY.md`: content, or the name of its durable file, and all parcels.
  ///
  /// - Parameter lease: the lease that the parcels have from the start (D4); nil if they wait.
  /// - Returns: the leased parcels.
  @discardableResult
  func insert(_ mail: NewMail, leasedTo lease: NewLease? = nil) throws(SQLiteFailure) -> [Parcel] {
    let envelope = mail.envelope
    let id = SQLValue.text(envelope.id.description)
    let now = SQLValue.text(envelope.receivedAt.description)
    try run(
      """
      INSERT INTO messages (id, size, created_at, settled_at, envelope, content_file, trace, content, checksum)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        id, .integer(Int64(mail.size)), now, mail.isUnfinished ? .null : now, .text(mail.envelopeText),
        .text(optional: mail.contentFile), .blob(mail.trace), mail.content.map(SQLValue.blob) ?? .null,
        .integer(Int64(mail.checksum)),
      ], at: "mail.insert")
    return try insertParcels(of: envelope, in: mail.lanes, expiresAt: mail.expiresAt, leasedTo: lease)
  }

  /// A row for each recipient.
  ///
  /// - Parameter lanes: one for each recipient.
  @discardableResult
  func insertParcels(
    of envelope: Envelope, in lanes: [String], expiresAt: Timestamp, leasedTo lease: NewLease? = nil
  ) throws(SQLiteFailure) -> [Parcel] {
    var leased: [Parcel] = []
    let id = SQLValue.text(envelope.id.description)
    let now = SQLValue.text(envelope.receivedAt.description)
    // RFC 4865: not before the time that the sender named.
    let due = SQLValue.text(envelope.dueAt.description)
    let contact = try contactID(of: envelope.clientAddress)
    let from = Self.sender(envelope.reversePath)
    let expires = SQLValue.text(expiresAt.description)
    let hold = SQLValue.text(optional: envelope.hold.map { "held: " + $0 })
    for (recipient, lane) in zip(envelope.recipients, lanes) {
      let delivery = recipient.delivery
      let lease = delivery == .none ? nil : lease
      let state = delivery == .none ? ParcelState.recorded : lease == nil ? .waiting : .working
      try run(
        """
        INSERT INTO parcels (contact_id, mail_id, "from", "to", delivery, retry_at, created_at, updated_at, state,
          expires_at, lane, mailbox_id, owner_id, hold, delivery_msg, notify, orcpt, priority, forwarded_for,
          lease_owner, lease_until, leases)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          contact, id, recipient.reversePath.map(Self.sender) ?? from, .text(recipient.mailbox.description),
          .text(delivery.rawValue),
          delivery == .none ? .null : due,
          now, now, .text(state.rawValue), expires,
          .text(lane),
          .text(optional: recipient.client?.mailboxID), .text(optional: recipient.client?.ownerID),
          .integer(envelope.hold == nil || delivery == .none ? 0 : 1), delivery == .none ? .null : hold,
          .text(optional: recipient.notification.notify?.description),
          .text(optional: recipient.notification.originalRecipient), .integer(Int64(envelope.requests.priority)),
          .text(optional: recipient.forwardedFor?.description),
          .text(optional: lease?.owner.description), .text(optional: lease?.deadline.description),
          .integer(lease == nil ? 0 : 1),
        ], at: "parcel.insert")
      if lease != nil {
        leased.append(
          Parcel(
            id: ParcelID(lastNumber), mailID: envelope.id, recipient: recipient, lane: lane,
            createdAt: envelope.receivedAt, expiresAt: expiresAt))
      }
    }
    return leased
  }

  private static func sender(_ path: ReversePath) -> SQLValue { .text(path.mailbox?.description ?? "<>") }

  /// The envelope of a mail with this trace and size, whose row is written again, so that the commit syncs it; nil if there is none.
  func touch(_ id: MailID, trace: ByteBuffer, size: Int) throws(SQLiteFailure) -> String? {
    let envelope = try first(
      "SELECT envelope FROM messages WHERE id = ? AND size = ? AND trace IS ?",
      [.text(id.description), .integer(Int64(size)), .blob(trace)], at: "receipt.find"
    ) { $0.text(0) }
    guard let envelope = envelope ?? nil else { return nil }
    try run("UPDATE messages SET size = size WHERE id = ?", [.text(id.description)], at: "receipt.touch")
    return envelope
  }

  /// Removes what a commit with unknown outcome may have left.
  func withdraw(_ id: MailID) throws(SQLiteFailure) {
    try run("DELETE FROM messages WHERE id = ?", [.text(id.description)], at: "mail.withdraw")
  }

  private func contactID(of address: IPAddress?) throws(SQLiteFailure) -> SQLValue {
    guard let address else { return .null }
    let key = ContactKey(address, prefixLength: contactPrefix).description
    return try first("SELECT id FROM contacts WHERE remote_ip = ?", [.text(key)], at: "contact.find") {
      SQLValue.integer($0.integer(0))
    } ?? .null
  }

  /// State D6: when all parcels are final, the content is removed, and the row stays as history.
  /// - Returns: the file to remove after the commit.
  func settle(_ id: MailID, at now: Timestamp) throws(SQLiteFailure) -> String? {
    let settled = try first(
      """
      SELECT content_file FROM messages WHERE id = ?1 AND settled_at IS NULL AND NOT EXISTS
        (SELECT 1 FROM parcels WHERE mail_id = ?1 AND state IN ('waiting', 'working'))
      """, [.text(id.description)], at: "mail.settle"
    ) { (file: $0.text(0), isSettled: true) }
    guard let settled else { return nil }
    try run(
      "UPDATE messages SET settled_at = ?2, content = NULL, content_file = NULL, checksum = NULL WHERE id = ?1",
      [.text(id.description), .text(now.description)], at: "mail.settle")
    return settled.file
  }

  func hasHistory(before cutoff: Timestamp) throws(SQLiteFailure) -> Bool {
    try first(
      "SELECT 1 FROM messages WHERE settled_at IS NOT NULL AND settled_at < ? LIMIT 1", [.text(cutoff.description)],
      at: "history.find"
    ) { _ in true } ?? false
  }

  /// Returns some free pages to the file system if most of the file is free.
  /// - Parameter spare: free pages that may stay.
  func giveSpaceBack(sparing spare: Int) throws(SQLiteFailure) {
    let free = try first("PRAGMA freelist_count", at: "vacuum.look") { $0.integer(0) } ?? 0
    let all = try first("PRAGMA page_count", at: "vacuum.look") { $0.integer(0) } ?? 0
    if free > spare, free > all / 2 { try run("PRAGMA incremental_vacuum(4096)", at: "vacuum.run") }
  }

  /// Removes up to `limit` settled mails older than `cutoff`, with their parcels.
  /// - Returns: how many, and the files to remove after the commit.
  func removeHistory(before cutoff: Timestamp, limit: Int) throws(SQLiteFailure) -> (count: Int, files: [String]) {
    var old: [(id: String, file: String?)] = []
    try run(
      "SELECT id, content_file FROM messages WHERE settled_at IS NOT NULL AND settled_at < ? LIMIT ?",
      [.text(cutoff.description), .integer(Int64(limit))], at: "history.find"
    ) { old.append(($0.text(0) ?? "", $0.text(1))) }
    for mail in old { try run("DELETE FROM messages WHERE id = ?", [.text(mail.id)], at: "history.remove") }
    return (old.count, old.compactMap(\.file))
  }

  /// The content of a mail: the file's name, or the bytes.
  struct StoredRow: Sendable {
    let trace: ByteBuffer
    let size: Int
    let contentFile: String?
    let content: ByteBuffer?
    /// Nil: unknown. A damaged row may have any number.
    let checksum: Int64?
    /// Whether all parcels are final, so that the content may be gone.
    let isSettled: Bool
  }

  func content(of id: MailID) throws(SQLiteFailure) -> StoredRow? {
    try first(
      "SELECT size, content_file, settled_at, trace, content, checksum FROM messages WHERE id = ?",
      [.text(id.description)],
      at: "content.find"
    ) {
      StoredRow(
        trace: $0.blob(3) ?? ByteBuffer(), size: Int(clamping: $0.integer(0)), contentFile: $0.text(1),
        content: $0.blob(4), checksum: $0.isNull(5) ? nil : $0.integer(5),
        isSettled: !$0.isNull(2))
    }
  }

  /// The files that rows name, with their mails.
  func contentFiles() throws(SQLiteFailure) -> [String: MailID] {
    var files: [String: MailID] = [:]
    try run("SELECT content_file, id FROM messages WHERE content_file IS NOT NULL", at: "content.list") { row in
      if let file = row.text(0), let id = row.text(1).flatMap({ MailID($0) }) { files[file] = id }
    }
    return files
  }
}
