import MTACore
import MTASystem
import NIOCore

extension MailStore {
  /// Looks at the database and the content files, and changes nothing, beside a running server and without one. Blocks on the disk.
  ///
  /// Rows are read some at a time, so that the log of a running server can shrink meanwhile; only SQLite's own check is one long read.
  ///
  /// - Parameters:
  ///   - contents: also read all contents and compare them with their checksums, and check all of the database. Without, the database
  ///     gets the quick check of SQLite, and of files the size is looked at.
  ///   - progress: called after each mail.
  /// - Throws: ``OpenFailure`` if there is no database, if it is none of ours, or of a newer version.
  public static func verify(
    _ configuration: Configuration, contents: Bool, progress: (VerifyReport) -> Void = { _ in }
  ) throws(OpenFailure) -> VerifyReport {
    let opening = StoreOpening(configuration)
    let lock = try opening.lockForLooking()
    defer { try? lock.release() }
    var look = VerifyLook(configuration: configuration, folder: opening.folder, readsContents: contents)
    do {
      let database = try opening.connect(forWriting: false)
      switch try database.inspect() {
      case .foreign:
        throw OpenFailure(reason: .notOurDatabase, path: configuration.database, detail: "it has other tables")
      case .empty: break
      case .ours(let version) where version > Schema.version:
        throw OpenFailure(
          reason: .newerVersion(found: version, supported: Schema.version), path: configuration.database, detail: "")
      case .ours(let version): try look.run(database, version: version, progress)
      }
    } catch let failure as SQLiteFailure where failure.isDamage {
      look.report.add(.database, failure.description)
    } catch let failure as OpenFailure {
      throw failure
    } catch { throw OpenFailure(reason: .failed, path: configuration.database, detail: "\(error)") }
    return look.report
  }
}

extension StoreOpening {
  /// The database stays in its place while this is held: no other process salvages it.
  fileprivate func lockForLooking() throws(Failure) -> StoreLock {
    do throws(FileFailure) {
      _ = try folder.files.status(configuration.database, at: "verify.look")
      let lock = try StoreLock(folder)
      try lock.whileOpening(failing: { $0 }, { (_) throws(FileFailure) in })
      return lock
    } catch { throw Failure(reason: .failed, path: error.path, detail: error.description) }
  }
}

private struct VerifyLook {
  let configuration: MailStore.Configuration
  let folder: ContentFolder
  let readsContents: Bool
  var report = MailStore.VerifyReport()
  /// Content files that are younger belong to mail that arrives.
  private static let youth: Int64 = 600

  init(configuration: MailStore.Configuration, folder: ContentFolder, readsContents: Bool) {
    self.configuration = configuration
    self.folder = folder
    self.readsContents = readsContents
  }

  mutating func run(_ database: Database, version: Int, _ progress: (MailStore.VerifyReport) -> Void) throws {
    var lines: [String] = []
    try database.run("PRAGMA \(readsContents ? "integrity_check" : "quick_check")(100)", at: "verify.database") {
      lines.append($0.text(0) ?? "")
    }
    for line in lines where line != "ok" { report.add(.database, line) }
    lines = []
    try database.run("PRAGMA foreign_key_check", at: "verify.database") { row in
      guard lines.count < 100 else { return }
      lines.append(
        "row \(row.integer(1)) of \(row.text(0) ?? "") names a row of \(row.text(2) ?? "") that is not there")
    }
    for line in lines { report.add(.database, line) }
    var last = Int64.min
    while true {
      let numbers = try database.mailNumbers(after: last, limit: 500)
      guard let end = numbers.last else { break }
      for number in numbers {
        try look(at: number, database, hasChecksum: version >= Schema.checksumVersion)
        progress(report)
      }
      last = end
    }
    try lookAtFiles(database)
  }

  private mutating func look(at number: Int64, _ database: Database, hasChecksum: Bool) throws {
    guard let row = try database.looked(at: number, hasChecksum: hasChecksum, withContent: readsContents) else {
      return
    }
    report.mails += 1
    if row.file != nil { report.files += 1 }
    guard let (kind, text) = problem(of: row) else { return }
    // It may have been delivered meanwhile, and its content removed.
    guard let again = try database.looked(at: number, hasChecksum: hasChecksum, withContent: false), again.id == row.id,
      again.isSettled == row.isSettled, again.checksum == row.checksum
    else { return }
    report.add(kind, of: row.id, text)
  }

  private mutating func problem(of row: LookedRow) -> (MailStore.VerifyReport.Problem.Kind, String)? {
    if !row.isSettled, (try? EnvelopeText.decode(row.envelope)) == nil {
      return (.envelope, "its envelope cannot be read")
    }
    var check = ContentCheck()
    if let length = row.length {
      if length != row.size { return (.size, "its content has \(length) bytes instead of \(row.size)") }
      guard readsContents, let content = row.content else { return nil }
      check.add(content)
      report.bytes += content.readableBytes
    } else if let name = row.file {
      guard ContentFolder.isOurs(name) else { return (.missing, "the name of its content file is none of ours") }
      switch folder.open(name) {
      case .failure(let failure):
        return failure.isNotFound || failure.isLink
          ? (.missing, "its content file \(name) is missing") : (.unreadable, failure.description)
      case .success(let (file, size)):
        if size != row.size { return (.size, "its content file \(name) has \(size) bytes instead of \(row.size)") }
        guard readsContents else { return nil }
        var offset = 0
        while offset < size {
          switch file.part(from: offset, upTo: min(1 << 18, size - offset)) {
          case .failure(let failure): return (.unreadable, failure.description)
          case .success(let piece):
            if piece.readableBytes == 0 { return (.size, "its content file \(name) became shorter") }
            offset += piece.readableBytes
            check.add(piece)
            report.bytes += piece.readableBytes
          }
        }
      }
    } else {
      return row.isSettled ? nil : (.missing, "its content is missing")
    }
    guard row.checksum != nil else {
      report.withoutChecksum += 1
      return nil
    }
    if !check.finished(behind: row.trace).fits(row.checksum) { return (.checksum, "it does not match its checksum") }
    report.matching += 1
    return nil
  }

  private mutating func lookAtFiles(_ database: Database) throws {
    let (arriving, complete) = try folder.contents()
    var candidates: [String] = []
    let now = configuration.clock.now.seconds
    for name in arriving + complete where try !database.names(file: name) {
      guard let status = try? folder.files.statusOfLink(folder.path + "/" + name, at: "verify.look") else { continue }
      if now - status.modified < Self.youth { report.arriving += 1 } else { candidates.append(name) }
    }
    // Those of mail that was delivered just now are being removed.
    for name in candidates where try !database.names(file: name) {
      guard (try? folder.files.statusOfLink(folder.path + "/" + name, at: "verify.look")) != nil else { continue }
      if report.leftovers.count < 1000 { report.leftovers.append(name) }
    }
  }
}

private struct LookedRow {
  var id: String
  var size: Int64
  var isSettled: Bool
  var envelope: String
  var file: String?
  /// Of content in the row.
  var length: Int64?
  var checksum: Int64?
  var trace: ByteBuffer
  var content: ByteBuffer?
}

extension Database {
  fileprivate func looked(
    at number: Int64, hasChecksum: Bool, withContent: Bool
  ) throws(SQLiteFailure) -> LookedRow? {
    try first(
      """
      SELECT id, size, settled_at, envelope, content_file, length(content), \(hasChecksum ? "checksum" : "NULL"),
        trace, \(withContent ? "content" : "NULL") FROM messages WHERE rowid = ?
      """, [.integer(number)], at: "verify.mail"
    ) { row in
      LookedRow(
        id: row.text(0) ?? "", size: row.integer(1), isSettled: !row.isNull(2), envelope: row.text(3) ?? "",
        file: row.text(4), length: row.isNull(5) ? nil : row.integer(5), checksum: row.isNull(6) ? nil : row.integer(6),
        trace: row.blob(7) ?? ByteBuffer(), content: row.blob(8))
    }
  }

  fileprivate func names(file: String) throws(SQLiteFailure) -> Bool {
    try first("SELECT 1 FROM messages WHERE content_file = ?", [.text(file)], at: "verify.file") { _ in true } ?? false
  }
}
