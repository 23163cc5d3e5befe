import MTACore
import MTASystem
import NIOCore

/// The file of events, open for writing. One thread uses it.
final class EventFile {
  private let database: Database
  private let configuration: EventKeeper.Configuration
  private var looksForOld = MonotonicInstant.now

  /// Rows that are removed in one step, at most, so that none holds up what is to be written.
  private static let step: Int64 = 512
  /// Of a small share only few, for they may be all.
  private static func step(within share: Int64) -> Int64 { max(8, min(step, share / 65_536)) }
  /// Pages of the log after which it is moved to the file.
  private static let pages = 1000
  private static let pause: Int64 = 60_000

  /// Opens the file, or makes it. One that is damaged, or is something else, is set aside first, as `….damaged`.
  ///
  /// - Parameter looks: at all of it, for something was wrong with it.
  /// - Returns: also whether one was set aside.
  static func open(
    _ configuration: EventKeeper.Configuration, looks: Bool = false
  ) throws(SQLiteFailure) -> (file: EventFile, wasSetAside: Bool) {
    do throws(SQLiteFailure) {
      if let database = try prepared(configuration) {
        // Another process may have made a new one meanwhile.
        let verdict = looks ? try database.first("PRAGMA quick_check(1)", at: "events.look") { $0.text(0) } : "ok"
        let isWhole = verdict == "ok"
        if isWhole { return (EventFile(database, configuration), false) }
      }
    } catch {
      guard error.isDamage else { throw error }
    }
    try setAside(configuration)
    guard let database = try prepared(configuration) else {
      throw SQLiteFailure(code: 26, message: "a new file is not ours", statement: "open \(configuration.path)")
    }
    return (EventFile(database, configuration), true)
  }

  private init(_ database: Database, _ configuration: EventKeeper.Configuration) {
    self.database = database
    self.configuration = configuration
  }

  private static func prepared(_ configuration: EventKeeper.Configuration) throws(SQLiteFailure) -> Database? {
    let files = DurableFiles(faults: configuration.faults)
    do { _ = try files.create(configuration.path, at: "events.create") } catch {
      if !error.alreadyExists { throw error.ofDatabase }
    }
    let database = try Database(path: configuration.path, busyMilliseconds: 5000, faults: configuration.faults)
    return try database.prepareForEvents() ? database : nil
  }

  /// Another process that has it open goes on with it, until it notices the damage itself.
  private static func setAside(_ configuration: EventKeeper.Configuration) throws(SQLiteFailure) {
    let files = DurableFiles(faults: configuration.faults)
    do throws(FileFailure) {
      try files.rename(configuration.path, to: configuration.path + ".damaged", at: "events.aside")
    } catch { throw error.ofDatabase }
    for suffix in ["-wal", "-shm"] { try? files.unlink(configuration.path + suffix, at: "events.aside") }
  }

  /// Writes records in one transaction, and then makes room.
  func write(_ records: [EventRecord]) throws(SQLiteFailure) {
    try database.run("BEGIN IMMEDIATE", at: "events.begin")
    do throws(SQLiteFailure) {
      var added: [EventRecord.Shelf: Int] = [:]
      for record in records {
        let mail = record.mail?.description
        try database.run(
          Self.insertions[record.shelf] ?? "",
          [
            .integer(record.at.milliseconds), .integer(Int64(record.kind.rawValue)), .text(optional: mail),
            .blob(ByteBuffer(bytes: record.fields)),
          ], at: "events.insert")
        added[record.shelf, default: 0] += EventSchema.cost(fields: record.fields.count, mail: mail?.utf8.count ?? 0)
      }
      for (shelf, bytes) in added { try change(shelf, by: bytes) }
      try database.run("COMMIT", at: "events.commit")
    } catch {
      database.rollBack()
      throw error
    }
    for shelf in EventRecord.Shelf.allCases { try bound(shelf) }
    if database.pagesInLog > Self.pages { try database.checkpoint(truncating: false) }
  }

  private static let insertions = Dictionary(
    uniqueKeysWithValues: EventRecord.Shelf.allCases.map {
      ($0, "INSERT INTO \($0.rawValue) (at, kind, mail, fields) VALUES (?, ?, ?, ?)")
    })

  private func change(_ shelf: EventRecord.Shelf, by bytes: Int) throws(SQLiteFailure) {
    try database.run(
      "UPDATE shelves SET bytes = max(0, bytes + ?) WHERE name = ?", [.integer(Int64(bytes)), .text(shelf.rawValue)],
      at: "events.count")
  }

  /// Removes the oldest of a shelf until it keeps to its share.
  private func bound(_ shelf: EventRecord.Shelf) throws(SQLiteFailure) {
    let share = Int64(configuration.share(of: shelf))
    while try bytes(of: shelf) > share {
      guard try removeOldest(of: shelf, before: nil, Self.step(within: share)) > 0 else {
        // What was counted is not there.
        return try database.run(
          "UPDATE shelves SET bytes = 0 WHERE name = ?", [.text(shelf.rawValue)], at: "events.count")
      }
    }
  }

  private func bytes(of shelf: EventRecord.Shelf) throws(SQLiteFailure) -> Int64 {
    try database.first(
      "SELECT bytes FROM shelves WHERE name = ?", [.text(shelf.rawValue)], at: "events.count", { $0.integer(0) }) ?? 0
  }

  /// Removes a step of what is older than the retention, once a minute.
  ///
  /// - Returns: whether there is more.
  func removeOld() throws(SQLiteFailure) -> Bool {
    guard MonotonicInstant.now >= looksForOld else { return false }
    let end = (configuration.clock.now - configuration.retention).milliseconds
    var isMore = false
    for shelf in EventRecord.Shelf.allCases { isMore = try removeOldest(of: shelf, before: end) == Self.step || isMore }
    if !isMore {
      looksForOld = .now.after(milliseconds: Self.pause)
      try shrink()
    }
    return isMore
  }

  /// - Parameter end: only what is older; nil: whatever is oldest.
  /// - Returns: how many were removed.
  private func removeOldest(
    of shelf: EventRecord.Shelf, before end: Int64?, _ count: Int64 = step
  ) throws(SQLiteFailure) -> Int64 {
    let table = shelf.rawValue
    let age: SQLValue = end.map { .integer($0) } ?? .null
    try database.run("BEGIN IMMEDIATE", at: "events.begin")
    do throws(SQLiteFailure) {
      let oldest = "SELECT id, at, mail, fields FROM \(table) ORDER BY id LIMIT ?2"
      let found = try database.first(
        "SELECT max(id), sum(\(EventSchema.costOfRow)), count(*) FROM (\(oldest)) WHERE ?1 IS NULL OR at < ?1",
        [age, .integer(count)],
        at: "events.old"
      ) { ($0.integer(0), Int($0.integer(1)), $0.integer(2)) }
      if let (last, cost, count) = found, count > 0 {
        try database.run(
          "DELETE FROM \(table) WHERE id <= ?2 AND (?1 IS NULL OR at < ?1)", [age, .integer(last)],
          at: "events.remove")
        try change(shelf, by: -cost)
      }
      try database.run("COMMIT", at: "events.commit")
      return found?.2 ?? 0
    } catch {
      database.rollBack()
      throw error
    }
  }

  /// Gives pages back to the file system where a quarter of the file is free: the bound was made smaller. Otherwise free pages are used
  /// again.
  private func shrink() throws(SQLiteFailure) {
    let free = try database.first("PRAGMA freelist_count", at: "events.vacuum") { $0.integer(0) } ?? 0
    let all = try database.first("PRAGMA page_count", at: "events.vacuum") { $0.integer(0) } ?? 0
    if free > 64, free > all / 4 { try database.run("PRAGMA incremental_vacuum(1024)", at: "events.vacuum") }
  }
}
