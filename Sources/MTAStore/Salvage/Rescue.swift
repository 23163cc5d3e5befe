import CSQLite
import MTACore
import MTASystem

/// Replaces a damaged database by a new one with all readable rows. The damaged one is kept next to it.
///
/// Only a process that is alone with the store may do so. The new file is complete before anything is renamed, and its name then says
/// what is left to do. So a start after a crash at any step goes on from there.
struct Rescue {
  let configuration: MailStore.Configuration
  let folder: ContentFolder

  private var files: DurableFiles { folder.files }
  private var database: String { configuration.database }
  private var building: String { database + ".salvaging" }
  private func whole(_ mark: String) -> String { database + ".salvaged-" + mark }
  private func damaged(_ mark: String) -> String { database + ".damaged-" + mark }

  /// - Returns: what was saved.
  func run() throws(SQLiteFailure) -> MailStore.SalvageReport {
    do throws(FileFailure) {
      try removeUnfinished()
      // From here on a file without a row may be one whose row cannot be read, or one that was brought back for a row to come.
      try folder.mistrustRows()
    } catch { throw error.ofDatabase }
    let (report, unneeded) = try build()
    do throws(FileFailure) {
      let mark = try unusedMark()
      try files.openOrCreate(building, at: "rescue.sync").sync(at: "rescue.sync")
      try files.rename(building, to: whole(mark), at: "rescue.whole")
      try files.syncDirectory(DurableFiles.parent(of: database), at: "rescue.whole")
      try swap(mark)
      folder.remove(unneeded)
      var report = report
      report.damaged = damaged(mark)
      configuration.notice(
        MailStore.Notice(
          "the database was damaged and is set aside as \(report.damaged): \(report.line)", isTrouble: true))
      for copy in report.lost { configuration.notice(MailStore.Notice("lost: \(copy)", isTrouble: true)) }
      return report
    } catch { throw error.ofDatabase }
  }

  private func build() throws(SQLiteFailure) -> (MailStore.SalvageReport, unneeded: [String]) {
    do throws(FileFailure) { _ = try files.create(building, at: "rescue.create") } catch { throw error.ofDatabase }
    let new = try connect(building)
    var salvage: Salvage
    do throws(FileFailure) { salvage = try Salvage(database, into: new, .new, configuration, folder) } catch {
      throw error.ofDatabase
    }
    try salvage.run()
    try new.checkpoint(truncating: true)
    return (salvage.report, salvage.unneeded)
  }

  private func connect(_ path: String) throws(SQLiteFailure) -> Database {
    let new = try Database(
      path: path, busyMilliseconds: Int32(clamping: configuration.busyTimeout.wholeMilliseconds),
      faults: configuration.faults)
    try new.configureForWriting()
    // Thrown away if the machine stops: it is synced once, when it is whole.
    try new.run("PRAGMA synchronous = OFF", at: "rescue.create")
    try new.migrate()
    return new
  }

  /// Goes on after a crash interrupted ``run()``.
  func finish() throws(FileFailure) {
    let prefix = name(of: whole(""))
    for name in try names() where name.hasPrefix(prefix) { try swap(String(name.dropFirst(prefix.count))) }
    try removeUnfinished()
  }

  private func swap(_ mark: String) throws(FileFailure) {
    // The database goes before its log: with the database alone left, a start would miss what only the log has.
    for suffix in ["", "-wal"] {
      do { try files.rename(database + suffix, to: damaged(mark) + suffix, at: "rescue.aside") } catch {
        guard error.isNotFound else { throw error }
      }
    }
    do { try files.unlink(database + "-shm", at: "rescue.aside") } catch {
      guard error.isNotFound else { throw error }
    }
    let parent = DurableFiles.parent(of: database)
    try files.syncDirectory(parent, at: "rescue.aside")
    try files.rename(whole(mark), to: database, at: "rescue.place")
    try files.syncDirectory(parent, at: "rescue.place")
  }

  private func removeUnfinished() throws(FileFailure) {
    let prefix = name(of: building)
    let parent = DurableFiles.parent(of: database)
    for name in try names() where name == prefix || name.hasPrefix(prefix + "-") {
      try files.unlink(parent + "/" + name, at: "rescue.remove")
    }
  }

  private func names() throws(FileFailure) -> [String] {
    try files.names(in: DurableFiles.parent(of: database), at: "rescue.list")
  }

  /// `20261123T134000Z`, with a suffix if that name is taken.
  private func unusedMark() throws(FileFailure) -> String {
    let now = configuration.clock.now.description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    let taken = Set(try names())
    var mark = now
    var count = 1
    while taken.contains(name(of: damaged(mark))) || taken.contains(name(of: damaged(mark) + "-wal")) {
      count += 1
      mark = now + "-\(count)"
    }
    return mark
  }

  private func name(of path: String) -> String {
    String(path.dropFirst((path.lastIndex(of: "/").map { path.distance(from: path.startIndex, to: $0) + 1 }) ?? 0))
  }
}
