import MTACore
import MTASystem
import NIOCore

/// The steps from a configuration to an open store: folders, lock, file, version, and what a crash left.
struct StoreOpening: Sendable {
  typealias Failure = MailStore.OpenFailure

  let configuration: MailStore.Configuration
  let folder: ContentFolder

  init(_ configuration: MailStore.Configuration) {
    self.configuration = configuration
    folder = ContentFolder(path: configuration.queue, files: DurableFiles(faults: configuration.faults))
  }

  private var files: DurableFiles { folder.files }

  /// - Returns: the queue folder's lock file, not locked yet.
  func prepareFolders() throws(Failure) -> DurableFile {
    do {
      try files.makeDirectories(configuration.queue, at: "open.folder")
      try files.makeDirectories(DurableFiles.parent(of: configuration.database), at: "open.folder")
      return try files.openOrCreate(configuration.queue + "/.lock", at: "open.lock")
    } catch {
      throw Failure(reason: .notWritable, path: error.path, detail: error.description)
    }
  }

  /// The file is looked at through SQLite alone. To open and close it by other means would drop the locks that another
  /// connection of this process has on it (fcntl(2) locks belong to the process), and a second process could then
  /// delete the log under that connection's feet.
  func openDatabase() throws(Failure) -> Database {
    let path = configuration.database
    do {
      _ = try files.create(path, at: "open.create")
      try files.syncDirectory(DurableFiles.parent(of: path), at: "open.create")
    } catch {
      guard error.alreadyExists else { throw Failure(reason: .notWritable, path: path, detail: error.description) }
    }
    do {
      let database = try Database(path: path, busyMilliseconds: busyMilliseconds, faults: configuration.faults)
      guard !database.isReadOnly else { throw Failure(reason: .notWritable, path: path, detail: "read-only") }
      switch try database.inspect() {
      case .foreign: throw Failure(reason: .notOurDatabase, path: path, detail: "it has other tables")
      case .ours(let version) where version > Schema.version:
        throw Failure(reason: .newerVersion(found: version, supported: Schema.version), path: path, detail: "")
      case .empty, .ours: break
      }
      try database.configureForWriting()
      try database.migrate()
      // Every table is looked at once: a damaged root page is found now, not at the first mail.
      for table in ["messages", "parcels", "contacts"] {
        try database.run("SELECT 1 FROM \(table) LIMIT 1", at: "open.look")
      }
      return database
    } catch let failure as SQLiteFailure {
      throw Failure(reason: Self.reason(failure), path: path, detail: failure.description)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(reason: .failed, path: path, detail: "\(error)")
    }
  }

  /// A further connection to the file that ``openDatabase()`` found good.
  func connect(forWriting: Bool) throws(SQLiteFailure) -> Database {
    let database = try Database(
      path: configuration.database, busyMilliseconds: busyMilliseconds, faults: configuration.faults)
    if forWriting { try database.configureForWriting() } else { try database.configureForReading() }
    return database
  }

  /// Removes what a crash left, if no other process has the store open: another's arriving files look the same.
  /// Holds mails whose content file is gone. Takes the shared lock in any case.
  func tidy(_ database: Database, under lock: DurableFile) throws(Failure) {
    do {
      if try lock.lock(exclusive: true, wait: false, at: "open.lock") {
        let known = try database.contentFiles()
        for name in try folder.removeOrphans(keeping: Set(known.keys)) {
          configuration.notice(MailStore.Notice("removed \(name): no mail was accepted with it", isTrouble: false))
        }
        for (name, id) in known where try !folder.exists(name) {
          let reason = "its content file \(name) is missing"
          try database.hold(id.description, because: reason, at: configuration.clock.now)
          configuration.notice(MailStore.Notice("mail \(id) is held: \(reason)", isTrouble: true))
        }
      }
      _ = try lock.lock(exclusive: false, wait: true, at: "open.lock")
    } catch let failure as SQLiteFailure {
      throw Failure(reason: Self.reason(failure), path: configuration.database, detail: failure.description)
    } catch {
      throw Failure(reason: .failed, path: configuration.queue, detail: "\(error)")
    }
  }

  private var busyMilliseconds: Int32 { Int32(clamping: configuration.busyTimeout.wholeMilliseconds) }

  private static func reason(_ failure: SQLiteFailure) -> Failure.Reason {
    if failure.isNotADatabase { return .notOurDatabase }
    return failure.isCorrupt ? .damaged : .failed
  }
}
