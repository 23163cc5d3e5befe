import CSQLite
import MTASystem

extension Database {
  /// The settings of every connection that writes. WAL with FULL: a commit returns after its sync.
  func configureForWriting() throws(SQLiteFailure) {
    // Page size and auto_vacuum count only before the first table, and page size only before WAL. Each page costs two writes to
    // the log and one to the file: with 8 KiB, content costs half as many as with SQLite's own 4, and rows no more. To say
    // auto_vacuum again would write the first page and sync it, and a start would wait for a busy disk.
    if try number("PRAGMA auto_vacuum") != 2 {
      for pragma in ["page_size = \(Schema.pageSizes[0])", "auto_vacuum = INCREMENTAL"] {
        try run("PRAGMA " + pragma, at: "database.configure")
      }
    }
    for pragma in ["journal_mode = WAL", "synchronous = FULL"] {
      try run("PRAGMA " + pragma, at: "database.configure")
    }
    // The promise stands on these two; a file system without shared memory refuses WAL without an error.
    let journal = try first("PRAGMA journal_mode", at: "database.configure") { $0.text(0) }
    guard journal == "wal", try number("PRAGMA synchronous") == 2 else {
      throw SQLiteFailure(
        code: SQLITE_CANTOPEN, message: "the file system does not allow WAL", statement: "journal_mode")
    }
    let others = [
      "foreign_keys = ON", "trusted_schema = OFF", "cache_size = -16000", "journal_size_limit = 67108864",
      Self.inMemory,
    ]
    for pragma in others { try run("PRAGMA " + pragma, at: "database.configure") }
    #if canImport(Darwin)
      // fsync(2) of Darwin stops at the drive's cache.
      try run("PRAGMA fullfsync = ON", at: "database.configure")
      try run("PRAGMA checkpoint_fullfsync = ON", at: "database.configure")
    #endif
  }

  func configureForReading() throws(SQLiteFailure) {
    try run("PRAGMA query_only = ON", at: "database.configure")
    try run("PRAGMA trusted_schema = OFF", at: "database.configure")
    try run("PRAGMA " + Self.inMemory, at: "database.configure")
  }

  /// What a statement keeps for its undoing, or sorts: the process may have no folder for temporary files.
  private static let inMemory = "temp_store = MEMORY"

  /// The kind of file, checked before anything is changed.
  enum Content {
    case empty
    case ours(version: Int)
    case foreign
  }

  func inspect() throws(SQLiteFailure) -> Content {
    let application = try number("PRAGMA application_id")
    let tables = try number("SELECT count(*) FROM sqlite_master")
    if tables == 0 { return .empty }
    return application == Schema.applicationID ? .ours(version: Int(try number("PRAGMA user_version"))) : .foreign
  }

  /// Brings the file to ``Schema/version``, each step in its own transaction.
  func migrate() throws(SQLiteFailure) {
    while true {
      try run("BEGIN IMMEDIATE", at: "migration.begin")
      do {
        // Read under the lock: another process may have made the step meanwhile.
        let version = Int(try number("PRAGMA user_version"))
        guard version >= 0, version < Schema.version else {
          rollBack()
          return
        }
        for statement in Schema.migrations[version] { try run(statement, at: "migration.step") }
        try run("PRAGMA application_id = \(Schema.applicationID)", at: "migration.step")
        try run("PRAGMA user_version = \(version + 1)", at: "migration.step")
        try run("COMMIT", at: "migration.commit")
      } catch {
        rollBack()
        throw error
      }
    }
  }

  private func number(_ sql: String) throws(SQLiteFailure) -> Int64 {
    try first(sql, at: "database.inspect") { $0.integer(0) } ?? 0
  }
}
