public import MTACore
public import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// What a restore added, or would add.
public struct RestoreReport: Hashable, Sendable {
  /// When the backup was made.
  public internal(set) var madeAt: Timestamp?
  /// Mails that were added, those that are done among them.
  public internal(set) var mails = 0
  /// Mails that the queue knows. They stay as they are.
  public internal(set) var known = 0
  /// Copies of added mails that wait. They may have been delivered since the backup.
  public internal(set) var waiting = 0
  /// Copies that wait and are held.
  public internal(set) var held = 0
  /// Mails whose content is missing, or did not match its checksum when the backup was made. They are held.
  public internal(set) var damaged = 0
  public internal(set) var contacts = 0

  public init() {}
}

extension MailStore {
  /// Adds the mails of a backup that the queue does not know, and its contacts, logins and orders. Others go on with the queue.
  ///
  /// The whole file is read and checked before anything is changed. Each mail is added as it would be accepted: its content is synced
  /// before its row is committed. So after a crash each mail is there whole, or not at all, and another restore adds the rest.
  ///
  /// - Parameters:
  ///   - file: at its beginning.
  ///   - holding: hold all copies that wait.
  ///   - isTrial: only check, and count.
  /// - Throws: ``BackupFault`` for a file that is no whole backup; then nothing was changed. `FileFailure`, `StoreFailure`.
  public func restore(
    from file: DurableFile, holding: Bool = false, isTrial: Bool = false,
    progress: @escaping @Sendable (RestoreReport) -> Void = { _ in }
  ) async throws -> RestoreReport {
    guard !core.isClosed else { throw StoreFailure.closed }
    let core = core
    let run = RestoreRun(core, file, holding: holding)
    defer { run.end() }
    let checked = try await core.files.start { Result { try run.check() } }.value().get()
    progress(RestoreReport())
    if isTrial { return checked }
    try await core.files.start { Result { try run.begin() } }.value().get()
    while true {
      let batch = try await core.files.start { Result { try run.nextBatch() } }.value().get()
      guard !batch.isEmpty else { break }
      let added = try await core.write { (database) throws(SQLiteFailure) in try batch.insert(into: database) }
      run.count(batch, added)
      progress(run.report)
    }
    if run.report.mails > 0 { core.writer.handOvers.listeners.withLockedValue(\.self).notify() }
    return run.report
  }
}

/// Rows for one transaction.
private struct RestoreBatch: Sendable {
  var mails: [RestoredMail] = []
  var contacts: [[SQLValue]] = []
  var logins: [[SQLValue]] = []
  var orders: [[SQLValue]] = []
  var bytes = 0

  var isEmpty: Bool { mails.isEmpty && contacts.isEmpty && logins.isEmpty && orders.isEmpty }
  var isFull: Bool { bytes > 4 << 20 || mails.count + contacts.count + logins.count + orders.count >= 500 }

  /// - Returns: the mails that were not there.
  func insert(into database: Database) throws(SQLiteFailure) -> Set<MailID> {
    var added: Set<MailID> = []
    for mail in mails where try database.restore(mail) { added.insert(mail.id) }
    for row in contacts { try database.restore(contact: row) }
    for row in logins { try database.restore(login: row) }
    for row in orders { try database.restore(order: row) }
    return added
  }
}

/// `@unchecked`: one thread at a time uses it.
private final class RestoreRun: @unchecked Sendable {
  private let core: StoreCore
  private let file: DurableFile
  private let holding: Bool
  private var walk: BackupWalk?
  private var database: Database?
  private var lock: DurableFile?
  private(set) var report = RestoreReport()

  init(_ core: StoreCore, _ file: DurableFile, holding: Bool) {
    self.core = core
    self.file = file
    self.holding = holding
  }

  /// Reads all of it, and counts.
  func check() throws -> RestoreReport {
    let database = try StoreOpening(core.configuration).connect(forWriting: false)
    self.database = database
    var walk = try BackupWalk(file)
    var sum = RestoreReport()
    sum.madeAt = walk.madeAt
    while let item = try walk.next() {
      switch item {
      case .mail(let mail):
        let isWhole = try walk.readContent { _ in }
        if try database.has(mail: mail.id.description) {
          sum.known += 1
        } else {
          var restored = RestoredMail(mail, away: .zero, hold: holding ? "" : nil)
          if !isWhole { restored.hold(because: "") }
          sum.add(restored, isWhole: isWhole)
        }
      case .contact: sum.contacts += 1
      case .login, .order: break
      }
    }
    return sum
  }

  /// From here on the queue is changed. Two restores at once could take each other's files for leftovers.
  func begin() throws {
    let lock = try core.folder.files.openOrCreate(core.folder.path + "/.restore", at: "restore.lock")
    guard try lock.lock(exclusive: true, wait: false, at: "restore.lock") else {
      throw StoreFailure.failed("another restore is under way")
    }
    self.lock = lock
    walk = try BackupWalk(file)
    report.madeAt = walk?.madeAt
  }

  func end() {
    try? lock?.unlock(at: "restore.lock")
    lock = nil
    database = nil
  }

  func count(_ batch: RestoreBatch, _ added: Set<MailID>) {
    for mail in batch.mails {
      if added.contains(mail.id) { report.add(mail, isWhole: !mail.isDamaged) } else { report.known += 1 }
    }
    report.contacts += batch.contacts.count
  }

  /// Empty at the end. Content of files is durable when this returns.
  func nextBatch() throws -> RestoreBatch {
    var batch = RestoreBatch()
    guard var walk, let database else { return batch }
    self.walk = nil
    let away = Duration.milliseconds(
      max(0, core.configuration.clock.now.milliseconds &- walk.madeAt.milliseconds))
    while !batch.isFull {
      // A file that changed since it was checked ends here, too.
      guard let item = try walk.next() else { return batch }
      switch item {
      case .mail(let mail):
        if try database.has(mail: mail.id.description) {
          report.known += 1
        } else {
          var restored = RestoredMail(
            mail, away: away, hold: holding ? "restored from the backup of \(walk.madeAt)" : nil)
          try take(mail, &restored, &walk)
          batch.bytes += (restored.content?.readableBytes ?? 0) + 1000 * restored.copies.count
          batch.mails.append(restored)
        }
      case .contact(let row): batch.contacts.append(row)
      case .login(let row): batch.logins.append(row)
      case .order(let row): batch.orders.append(row)
      }
    }
    self.walk = walk
    return batch
  }

  /// Reads the content, into a file where it is large.
  private func take(_ mail: BackedUpMail, _ restored: inout RestoredMail, _ walk: inout BackupWalk) throws {
    var size = 0
    let isWhole: Bool
    if mail.hasContent, mail.size > core.configuration.contentInDatabase {
      let folder = core.folder
      // Of a restore that was broken off: the mail has no row.
      folder.removePart(mail.id)
      folder.remove([folder.name(mail.id)])
      let part = try folder.create(mail.id)
      do {
        isWhole = try walk.readContent { piece in
          size += piece.readableBytes
          try part.write(piece, at: "spill.write")
        }
        if size == mail.size {
          try folder.complete(part, mail.id, rest: ByteBuffer())
          restored.contentFile = folder.name(mail.id)
        }
      } catch {
        folder.removePart(mail.id)
        throw error
      }
      if size != mail.size { folder.removePart(mail.id) }
    } else {
      var content = ByteBuffer()
      isWhole = try walk.readContent { piece in
        size += piece.readableBytes
        content.writeImmutableBuffer(piece)
      }
      if mail.hasContent, size == mail.size { restored.content = content }
    }
    guard !isWhole else { return }
    restored.isDamaged = true
    restored.hold(
      because: size == mail.size && mail.hasContent
        ? ContentCheck.mismatch : "its content was missing or unreadable when the backup was made")
  }
}

extension RestoreReport {
  fileprivate mutating func add(_ mail: RestoredMail, isWhole: Bool) {
    mails += 1
    waiting += mail.waiting
    held += mail.held
    if !isWhole { damaged += 1 }
  }
}
