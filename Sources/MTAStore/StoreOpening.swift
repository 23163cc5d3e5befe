import MTACore
import MTASystem
import NIOCore

/// The steps from a configuration to an open store: folders, lock, file, version, and the removal of what a crash left.
struct StoreOpening: Sendable {
  typealias Failure = MailStore.OpenFailure

  let configuration: MailStore.Configuration
  let folder: ContentFolder

  init(_ configuration: MailStore.Configuration) {
    self.configuration = configuration
    folder = ContentFolder(path: configuration.queue, files: DurableFiles(faults: configuration.faults))
  }

  private var files: DurableFiles { folder.files }

  var rescue: Rescue { Rescue(configuration: configuration, folder: folder) }

  /// - Returns: the queue folder's lock, not taken yet.
  func prepareFolders() throws(Failure) -> StoreLock {
    do {
      try files.makeDirectories(configuration.queue, at: "open.folder")
      try files.makeDirectories(DurableFiles.parent(of: configuration.database), at: "open.folder")
      return try StoreLock(folder)
    } catch {
      throw Failure(reason: .notWritable, path: error.path, detail: error.description)
    }
  }

  /// The database, ready for use. If no other process has the store open, leftovers of a crash are removed, and a damaged file is set
  /// aside and its rows carried over.
  ///
  /// - Returns: also whether no other process has the store open.
  func open(under lock: StoreLock) throws(Failure) -> (database: Database, isAlone: Bool) {
    do throws(Failure) {
      return try lock.whileOpening(failing: lockFailure) { (isAlone) throws(Failure) in
        (isAlone ? try openAlone().database : try openDatabase(), isAlone)
      }
    } catch {
      try? lock.release()
      throw error
    }
  }

  func lockFailure(_ failure: FileFailure) -> Failure {
    Failure(reason: .failed, path: configuration.queue, detail: failure.description)
  }

  /// - Returns: also the report, if the file was damaged and salvaged.
  func openAlone() throws(Failure) -> (database: Database, report: MailStore.SalvageReport?) {
    do throws(FileFailure) { try rescue.finish() } catch {
      throw Failure(reason: .failed, path: configuration.database, detail: error.description)
    }
    do throws(Failure) { return (try openAndTidy(), nil) } catch {
      guard let report = try setAside(after: error) else { throw error }
      return (try openAndTidy(), report)
    }
  }

  private func openAndTidy() throws(Failure) -> Database {
    let database = try openDatabase()
    try tidy(database)
    return database
  }

  /// Checks that the file was at fault, and if so puts a salvaged one in its place.
  /// - Returns: nil if the file is whole, or not ours.
  private func setAside(after failure: Failure) throws(Failure) -> MailStore.SalvageReport? {
    do {
      switch failure.reason {
      case .damaged: guard try connect(forWriting: false).isDamaged() else { return nil }
      case .notOurDatabase: guard try Salvage.recognizes(configuration.database, files) else { return nil }
      default: return nil
      }
      return try rescue.run()
    } catch {
      throw Failure(
        reason: .damaged, path: configuration.database, detail: "\(failure.detail); salvage failed: \(error)")
    }
  }

  /// Called while the store is in use and a step failed because of the file. No connection of this process may be open.
  func repair(after failure: SQLiteFailure, under lock: StoreLock) throws(SQLiteFailure) {
    try lock.whileOpening(failing: \.ofDatabase) { (isAlone) throws(SQLiteFailure) in
      guard isAlone else {
        throw SQLiteFailure(
          code: failure.code,
          message: "\(failure.message); other processes have the store open, so it cannot be salvaged now",
          statement: failure.statement)
      }
      // An earlier try may have stopped half-way, with no database in its place.
      do throws(FileFailure) { try rescue.finish() } catch { throw error.ofDatabase }
      do throws(SQLiteFailure) {
        guard try connect(forWriting: false).isDamaged() else { return }
      } catch {
        if !error.isDamage { throw error }
      }
      _ = try rescue.run()
    }
  }

  /// The file is read through SQLite alone. Opening and closing it by other means would drop the locks of this process's other
  /// connections (fcntl(2) locks belong to the process). A second process could then delete the log while they use it.
  private func openDatabase() throws(Failure) -> Database {
    let path = configuration.database
    do {
      _ = try files.create(path, at: "open.create")
      try files.syncDirectory(DurableFiles.parent(of: path), at: "open.create")
    } catch {
      guard error.alreadyExists else { throw Failure(reason: .notWritable, path: path, detail: error.description) }
    }
    do {
      let database = try Database(path: path, busyMilliseconds: busyMilliseconds, faults: configuration.faults)
      database.contactPrefix = configuration.contactPrefix
      guard !database.isReadOnly else { throw Failure(reason: .notWritable, path: path, detail: "read-only") }
      switch try database.inspect() {
      case .foreign: throw Failure(reason: .notOurDatabase, path: path, detail: "it has other tables")
      case .ours(let version) where version > Schema.version:
        throw Failure(reason: .newerVersion(found: version, supported: Schema.version), path: path, detail: "")
      case .empty:
        // Content that lies here belongs to rows that are gone, or elsewhere.
        if try !folder.contents().complete.isEmpty { try folder.mistrustRows() }
      case .ours: break
      }
      try database.configureForWriting()
      try database.migrate()
      // Every table is looked at once: a damaged root page is found now, not at the first mail.
      for table in ["messages", "parcels", "contacts", "logins", "lanes", "sending_counts", "account_orders"] {
        try database.run("SELECT 1 FROM \(table) NOT INDEXED LIMIT 1", at: "open.look")
      }
      return database
    } catch let failure as SQLiteFailure {
      throw Failure(reason: Self.reason(failure), path: path, detail: failure.description)
    } catch let failure as Failure {
      throw failure
    } catch let failure as FileFailure {
      throw Failure(reason: .failed, path: failure.path, detail: failure.description)
    } catch {
      throw Failure(reason: .failed, path: path, detail: "\(error)")
    }
  }

  /// A further connection to the file that ``openDatabase()`` has checked.
  func connect(forWriting: Bool) throws(SQLiteFailure) -> Database {
    let database = try Database(
      path: configuration.database, busyMilliseconds: busyMilliseconds, faults: configuration.faults)
    database.contactPrefix = configuration.contactPrefix
    if forWriting { try database.configureForWriting() } else { try database.configureForReading() }
    return database
  }

  /// Removes what a crash left, and holds mails whose content file is missing. Only for a process that is alone with the store: files
  /// that arrive at another process look the same.
  private func tidy(_ database: Database) throws(Failure) {
    do {
      let known = try database.contentFiles()
      let (arriving, complete) = try folder.contents()
      let nameless = complete.filter { known[$0] == nil }
      try folder.removeLeftovers(arriving)
      for name in arriving { tellRemoved(name) }
      if try folder.mistrustsRows() {
        try folder.putAside(nameless)
        try folder.trustRows()
        for name in nameless {
          let text =
            "no mail is known for \(name), perhaps because its row was lost: moved to \(folder.path)/\(ContentFolder.aside)"
          configuration.notice(MailStore.Notice(text, isTrouble: true))
        }
      } else {
        try folder.removeLeftovers(nameless)
        for name in nameless { tellRemoved(name) }
      }
      let present = Set(complete)
      for (name, id) in known where !present.contains(name) {
        let reason = "its content file \(name) is missing"
        try database.hold(id.description, because: reason, at: configuration.clock.now)
        configuration.notice(MailStore.Notice("mail \(id) is held: \(reason)", isTrouble: true))
      }
    } catch let failure as SQLiteFailure {
      throw Failure(reason: Self.reason(failure), path: configuration.database, detail: failure.description)
    } catch {
      throw Failure(reason: .failed, path: configuration.queue, detail: "\(error)")
    }
  }

  private func tellRemoved(_ name: String) {
    configuration.notice(MailStore.Notice("removed \(name): no mail was accepted with it", isTrouble: false))
  }

  private var busyMilliseconds: Int32 { Int32(clamping: configuration.busyTimeout.wholeMilliseconds) }

  private static func reason(_ failure: SQLiteFailure) -> Failure.Reason {
    if failure.isNotADatabase { return .notOurDatabase }
    return failure.isCorrupt ? .damaged : .failed
  }
}
