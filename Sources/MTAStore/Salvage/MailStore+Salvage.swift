import MTACore
import MTASystem

extension MailStore {
  /// Copies all rows that can be read from a damaged database into a new one. Blocks on the disk, and reads all of the file.
  ///
  /// A store that meets damage, at its opening or later, does this by itself. Call this for damage that was not met yet, and for files
  /// that were set aside, for example when more of a disk can be read again.
  ///
  /// - Parameter damaged: a file that was set aside, with its log (`-wal`) next to it if there is one. Its mails are added to the
  ///   store; mails that the store knows stay as they are. Nil: the store's own database is checked. If it is damaged, it is set aside
  ///   and its rows are carried over.
  /// - Returns: what was saved; nil when the store's own database is whole.
  /// - Throws: ``OpenFailure``, also when another process has the store open.
  public static func salvage(_ configuration: Configuration, from damaged: String? = nil) throws(OpenFailure)
    -> SalvageReport?
  {
    let opening = StoreOpening(configuration)
    let lock = try opening.prepareFolders()
    defer { try? lock.release() }
    return try opening.salvage(from: damaged, under: lock)
  }
}

extension StoreOpening {
  fileprivate func salvage(from damaged: String?, under lock: StoreLock) throws(Failure) -> MailStore.SalvageReport? {
    try lock.whileOpening(failing: lockFailure) { (isAlone) throws(Failure) in
      guard isAlone else {
        throw Failure(reason: .failed, path: configuration.database, detail: "another process has the store open")
      }
      guard let damaged else { return try salvageOwn() }
      let database = try openAlone().database
      do {
        guard try Salvage.recognizes(damaged, folder.files) else {
          throw Failure(reason: .notOurDatabase, path: damaged, detail: "there is no mail in it")
        }
        var salvage = try Salvage(damaged, into: database, .merged, configuration, folder)
        // Content comes back before its rows are durable: until they are, a start must not take it for rubbish.
        try folder.mistrustRows()
        try salvage.run()
        try? folder.trustRows()
        folder.remove(salvage.unneeded)
        return salvage.report
      } catch let failure as Failure {
        throw failure
      } catch { throw Failure(reason: .failed, path: damaged, detail: "\(error)") }
    }
  }

  private func salvageOwn() throws(Failure) -> MailStore.SalvageReport? {
    let (database, report) = try openAlone()
    do {
      // What opening met was seen to.
      if let report { return report }
      guard try database.isDamaged() else { return nil }
    } catch { throw Failure(reason: .failed, path: configuration.database, detail: "\(error)") }
    return try rescued(database)
  }

  private func rescued(_ database: consuming Database) throws(Failure) -> MailStore.SalvageReport? {
    // No connection may be open when the files change their names.
    _ = consume database
    do { return try rescue.run() } catch {
      throw Failure(reason: .damaged, path: configuration.database, detail: "salvage failed: \(error)")
    }
  }
}
