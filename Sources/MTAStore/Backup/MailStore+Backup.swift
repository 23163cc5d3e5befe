import MTACore
import MTASystem
public import NIOCore

/// What a backup has.
public struct BackupReport: Hashable, Sendable {
  /// Mails, those that are done among them.
  public internal(set) var mails = 0
  /// Copies that wait for their delivery.
  public internal(set) var waiting = 0
  public internal(set) var contacts = 0
  /// Bytes of content.
  public internal(set) var bytes = 0
  /// Mails whose content is missing, cannot be read, or does not match its checksum. They are in the backup as they are.
  public internal(set) var damaged = 0

  public init() {}
}

extension MailStore {
  /// Gives a backup of all mails, contacts, logins and orders, piece by piece, while others go on with the queue.
  ///
  /// Each mail is read by itself, with all of its copies, in a moment. So no lock and no old version of the database is held for long,
  /// and each mail is in the backup whole, as it was at some instant of the backup, or not at all. All mails that were accepted before it
  /// began, and are not done, are in it.
  ///
  /// - Parameters:
  ///   - write: gets the bytes, on a thread of the store, in order. The backup is whole when this method has returned.
  ///   - progress: called after each mail.
  /// - Throws: also the errors of `write`.
  public func backup(
    progress: @escaping @Sendable (BackupReport) -> Void = { _ in },
    to write: @escaping @Sendable (ByteBuffer) throws -> Void
  ) async throws -> BackupReport {
    guard !core.isClosed else { throw StoreFailure.closed }
    let core = core
    return try await core.files.start { () -> Result<BackupReport, any Error> in
      Result {
        var run = BackupRun(
          database: try StoreOpening(core.configuration).connect(forWriting: false), folder: core.folder,
          writer: BackupWriter(write))
        return try run.run(at: core.configuration.clock.now, progress)
      }
    }.value().get()
  }
}

/// One backup.
private struct BackupRun {
  let database: Database
  let folder: ContentFolder
  var writer: BackupWriter
  var report = BackupReport()

  mutating func run(at now: Timestamp, _ progress: (BackupReport) -> Void) throws -> BackupReport {
    try writer.add(.begin, row: [.integer(BackupFormat.version), .text(now.description)])
    var (last, copies) = (Int64.min, 0)
    while true {
      let numbers = try database.mailNumbers(after: last, limit: 500)
      guard let end = numbers.last else { break }
      for number in numbers {
        copies += try add(number)
        progress(report)
      }
      last = end
    }
    let tables: [(BackupFormat.Kind, String, String)] = [
      (.contact, Database.backedUpContact, "contacts"), (.login, Database.backedUpLogin, "logins"),
      (.order, Database.backedUpOrder, "client_orders"),
    ]
    var counts: [SQLValue] = [.integer(Int64(report.mails)), .integer(Int64(copies)), .integer(Int64(report.bytes))]
    for (kind, columns, table) in tables {
      let count = try add(kind, columns, of: table)
      if kind == .contact { report.contacts = count }
      counts.append(.integer(Int64(count)))
    }
    try writer.add(.end, row: counts)
    try writer.flush()
    return report
  }

  private mutating func add(_ kind: BackupFormat.Kind, _ columns: String, of table: String) throws -> Int {
    var (last, count) = (Int64.min, 0)
    while true {
      let rows = try database.backedUp(columns, of: table, after: last, limit: 1000)
      guard let end = rows.last else { return count }
      for row in rows { try writer.add(kind, row: row.values) }
      count += rows.count
      last = end.number
    }
  }

  /// - Returns: how many copies it has.
  private mutating func add(_ number: Int64) throws -> Int {
    guard var rows = try database.backedUpMail(number) else { return 0 }
    var file: DurableFile?
    if let name = rows.contentFile, rows.content == nil {
      file = open(name, rows.size)
      // It was delivered since, or the file is missing.
      if file == nil {
        guard let again = try database.backedUpMail(number) else { return 0 }
        rows = again
      }
    }
    let hasContent = rows.content != nil || file != nil
    try writer.add(.mail, row: rows.mail + [.integer(hasContent ? 1 : 0)])
    for copy in rows.copies { try writer.add(.copy, row: copy) }
    var check = ContentCheck()
    var isWhole = hasContent || rows.isSettled && rows.contentFile == nil
    if let content = rows.content {
      try add(content, &check)
      isWhole = content.readableBytes == rows.size
    } else if let file {
      isWhole = try add(file, rows.size, &check)
      if !isWhole { try writer.add(.unreadable, ByteBuffer()) }
    }
    if isWhole, hasContent, case .blob(let trace) = rows.mail[5], let known = rows.mail[6].number {
      isWhole = check.finished(behind: trace).fits(known)
    }
    report.mails += 1
    if !isWhole { report.damaged += 1 }
    let state = Database.backedUpCopy.firstIndex(of: "state") ?? 0
    report.waiting += rows.copies.count { ["waiting", "working"].contains($0[state].text ?? "") }
    return rows.copies.count
  }

  private func open(_ name: String, _ size: Int) -> DurableFile? {
    guard ContentFolder.isOurs(name), case .success(let (file, found)) = folder.open(name), found == size else {
      return nil
    }
    return file
  }

  private mutating func add(_ content: ByteBuffer, _ check: inout ContentCheck) throws {
    var rest = content
    while let piece = rest.readSlice(length: min(rest.readableBytes, BackupFormat.pieceBytes)), piece.readableBytes > 0
    {
      check.add(piece)
      report.bytes += piece.readableBytes
      try writer.add(.content, piece)
    }
  }

  /// - Returns: false if it cannot be read to its end.
  private mutating func add(_ file: DurableFile, _ size: Int, _ check: inout ContentCheck) throws -> Bool {
    var offset = 0
    while offset < size {
      guard case .success(let piece) = file.part(from: offset, upTo: min(BackupFormat.pieceBytes, size - offset)),
        piece.readableBytes > 0
      else { return false }
      offset += piece.readableBytes
      try add(piece, &check)
    }
    return true
  }
}
