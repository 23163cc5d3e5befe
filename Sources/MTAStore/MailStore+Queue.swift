public import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

extension MailStore: ParcelQueue {
  /// Files in `.owners` of the queue folder.
  public var leaseRegistry: any LeaseRegistry { core.owners }

  public func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail] {
    guard limit > 0 else { return [] }
    let claim = try await core.write { (database) throws(SQLiteFailure) in
      try database.claim(by: owner, limit: limit, leavingOut: lanes, now: now, deadline: deadline)
    }
    for mail in claim.held { core.reportHeld(mail.id, mail.reason) }
    var mails: [ClaimedMail] = []
    for rows in claim.mails {
      do { mails.append(try rows.decoded(core.fresh.envelope(of: rows.id))) } catch {
        await core.hold(rows.id, because: "\(error)")
      }
    }
    return mails
  }

  public func record(_ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp)
    async throws(StoreFailure)
  {
    guard !results.isEmpty else { return }
    let mails = try reports.map { (report) throws(StoreFailure) in
      try NewReport(report, core.configuration)
    }
    let files = try await core.write { (database) throws(SQLiteFailure) in
      var settled: [MailID] = []
      var recorded: Set<ParcelID> = []
      for result in results {
        switch try database.record(result, by: owner, at: now) {
        case .dropped: continue
        case .recorded: break
        case .final(let mail): if !settled.contains(mail) { settled.append(mail) }
        }
        recorded.insert(result.parcel)
      }
      for report in mails where !report.parcels.isDisjoint(with: recorded) { try database.insert(report) }
      var files: [String] = []
      for mail in settled {
        if let file = try database.settle(mail, at: now) { files.append(file) }
      }
      return files
    }
    // After the commit: a crash in between leaves a file without a row's name on it, which the next start removes.
    if !files.isEmpty {
      let folder = core.folder
      core.files.start { folder.remove(files) }
    }
  }

  public func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure) {
    guard !parcels.isEmpty else { return }
    try await core.write { (database) throws(SQLiteFailure) in
      for parcel in parcels { try database.renew(parcel, by: owner, deadline: deadline) }
    }
  }

  public func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int {
    let owners = try await core.reader.read { (database) throws(SQLiteFailure) in try database.leaseOwners() }
    // What names no process belongs to nobody.
    let dead = owners.filter { text in LeaseOwner(text).map { !isAlive($0) } ?? true }
    guard !dead.isEmpty else { return 0 }
    let now = core.configuration.clock.now
    // Before what they had is tried again: a mail at which they trapped is counted first.
    let folder = core.folder
    let traps: [RecordedTrap]
    switch await core.files.start({ folder.recordedTrapsOrFailure() }).value() {
    case .success(let recorded): traps = recorded
    case .failure(let failure): throw failure.storeFailure
    }
    let (count, held) = try await core.write { (database) throws(SQLiteFailure) in
      var held: [MailID] = []
      for trap in traps
      where try database.suspect(trap.mail.description, because: trap.cause, process: trap.process, at: now) {
        held.append(trap.mail)
      }
      var count = 0
      for owner in dead { count += try database.release(owner, at: now) }
      return (count, held)
    }
    if !traps.isEmpty { core.files.start { folder.removeTrapRecord() } }
    if let trap = traps.last { reportHeld(held, because: trap.cause) }
    return count
  }

  public func releaseLeases(of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID])
    async throws(StoreFailure) -> Int
  {
    let now = core.configuration.clock.now
    return try await core.write { (database) throws(SQLiteFailure) in
      // Here, on the writer's thread: whatever it handed over before is known by now.
      try database.release(owner.description, except: known(), at: now)
    }
  }

  public func nextDue() async throws(StoreFailure) -> Timestamp? {
    try await core.reader.read { (database) throws(SQLiteFailure) in try database.nextDue() }
  }

  public func changeNumber() async throws(StoreFailure) -> Int64? {
    try await core.reader.read { (database) throws(SQLiteFailure) in try database.dataVersion() }
  }

  public func listen(_ listener: ArrivalListener) {
    core.writer.handOvers.listeners.withLockedValue { $0.add(listener) }
  }

  public func endListening(_ owner: LeaseOwner) { core.writer.handOvers.listeners.withLockedValue { $0.remove(owner) } }
}

extension ClaimedRows {
  /// The rows as values. The parcel's own columns count; the envelope has the rest about the recipient.
  ///
  /// - Parameter known: the envelope, if the caller has it.
  func decoded(_ known: Envelope? = nil) throws(StoreFailure) -> ClaimedMail {
    let envelope = if let known { known } else { try EnvelopeText.decode(self.envelope) }
    let recipients = Dictionary(envelope.recipients.map { ($0.mailbox, $0) }) { first, _ in first }
    var parcels: [Parcel] = []
    for row in self.parcels {
      guard let mailbox = Mailbox(row.to), let delivery = DeliveryKind(rawValue: row.delivery),
        let createdAt = Timestamp(row.createdAt), let expiresAt = Timestamp(row.expiresAt)
      else { throw .failed("parcel \(row.id) is unreadable") }
      var recipient = recipients[mailbox] ?? EnvelopeRecipient(mailbox)
      let isAsAccepted =
        recipient.delivery == delivery && recipient.client?.mailboxID == row.mailboxID
        && recipient.client?.ownerID == row.ownerID
      if !isAsAccepted {
        recipient.client = ClientRecord(mailboxID: row.mailboxID, ownerID: row.ownerID, delivery: delivery)
      }
      parcels.append(
        Parcel(
          id: row.id, mailID: id, recipient: recipient, lane: row.lane, attempts: row.attempts,
          wasLeased: row.leases > 1,
          createdAt: createdAt, expiresAt: expiresAt, warnedAt: row.warnedAt.flatMap { Timestamp($0) },
          order: row.order.flatMap { ParcelOrder($0) }))
    }
    return ClaimedMail(envelope, parcels: parcels)
  }
}
