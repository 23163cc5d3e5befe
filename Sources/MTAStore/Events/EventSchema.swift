import CSQLite
import MTASystem

/// The tables of events: one for each shelf, and the bytes that each holds.
///
/// The file has no version steps. One that another version wrote is set aside, as a damaged one is: nothing in it is mail.
enum EventSchema {
  /// `MTAE`
  static let applicationID: Int64 = 0x4d54_4145
  static let version: Int64 = 1

  static let statements: [String] =
    EventRecord.Shelf.allCases.flatMap { shelf in
      [
        """
        CREATE TABLE \(shelf.rawValue) (
          id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, mail TEXT, fields BLOB NOT NULL
        )
        """,
        "CREATE INDEX \(shelf.rawValue)_mail ON \(shelf.rawValue) (mail) WHERE mail IS NOT NULL",
        "INSERT INTO shelves VALUES ('\(shelf.rawValue)', 0)",
      ]
    }

  static let shelves = "CREATE TABLE shelves (name TEXT NOT NULL PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID"

  /// Bytes in the file for a record, about: its fields, the mail's id twice, and what SQLite adds.
  static func cost(fields: Int, mail: Int) -> Int { fields + 2 * mail + 40 }
  static let costOfRow = "length(fields) + 2 * coalesce(length(mail), 0) + 40"
}

extension Database {
  /// WAL with NORMAL: a transaction waits for no sync, and a crash of the machine loses the last of them and damages nothing.
  func configureForEvents() throws(SQLiteFailure) {
    if try first("PRAGMA auto_vacuum", at: "events.configure", { $0.integer(0) }) != 2 {
      try run("PRAGMA page_size = \(Schema.pageSizes[0])", at: "events.configure")
      try run("PRAGMA auto_vacuum = INCREMENTAL", at: "events.configure")
    }
    let pragmas = [
      "journal_mode = WAL", "synchronous = NORMAL", "trusted_schema = OFF", "cache_size = -4000",
      "journal_size_limit = 16777216", "temp_store = MEMORY",
    ]
    for pragma in pragmas { try run("PRAGMA " + pragma, at: "events.configure") }
  }

  /// Makes the tables where the file is empty.
  ///
  /// - Returns: false for a file that has no events of this version.
  func prepareForEvents() throws(SQLiteFailure) -> Bool {
    try configureForEvents()
    try run("BEGIN IMMEDIATE", at: "events.begin")
    do {
      let application = try first("PRAGMA application_id", at: "events.inspect") { $0.integer(0) }
      let version = try first("PRAGMA user_version", at: "events.inspect") { $0.integer(0) }
      let tables = try first("SELECT count(*) FROM sqlite_master", at: "events.inspect") { $0.integer(0) }
      if tables == 0 {
        try run(EventSchema.shelves, at: "events.make")
        for statement in EventSchema.statements { try run(statement, at: "events.make") }
        try run("PRAGMA application_id = \(EventSchema.applicationID)", at: "events.make")
        try run("PRAGMA user_version = \(EventSchema.version)", at: "events.make")
      }
      try run("COMMIT", at: "events.commit")
      return tables == 0 || application == EventSchema.applicationID && version == EventSchema.version
    } catch {
      rollBack()
      throw error
    }
  }
}
