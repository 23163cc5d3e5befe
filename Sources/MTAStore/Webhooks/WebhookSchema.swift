import CSQLite
import MTASystem

/// The table of events that wait to be sent, oldest first.
///
/// `due` stands at the first event of each mail alone: those behind it wait for it. The file has no version steps, as that of
/// ``EventSchema`` has none.
enum WebhookSchema {
  /// `MTAW`
  static let applicationID: Int64 = 0x4d54_4157
  static let version: Int64 = 1

  static let statements = [
    // A number is used once: it tells an event from all others while its answer is on the way.
    """
    CREATE TABLE waiting (
      number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, mail TEXT NOT NULL, at INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0, due INTEGER, cost INTEGER NOT NULL, body BLOB NOT NULL
    )
    """,
    "CREATE INDEX waiting_mail ON waiting (mail, number)",
    "CREATE INDEX waiting_due ON waiting (due, number) WHERE due IS NOT NULL",
    "CREATE TABLE sums (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO sums VALUES ('bytes', 0), ('events', 0)",
  ]
}

extension Database {
  /// Makes the tables where the file is empty.
  ///
  /// - Returns: false for a file that has no webhooks of this version.
  func prepareForWebhooks() throws(SQLiteFailure) -> Bool {
    try configureForEvents()
    try run("BEGIN IMMEDIATE", at: "webhooks.begin")
    do {
      let application = try first("PRAGMA application_id", at: "webhooks.inspect") { $0.integer(0) }
      let version = try first("PRAGMA user_version", at: "webhooks.inspect") { $0.integer(0) }
      let tables = try first("SELECT count(*) FROM sqlite_master", at: "webhooks.inspect") { $0.integer(0) }
      if tables == 0 {
        for statement in WebhookSchema.statements { try run(statement, at: "webhooks.make") }
        try run("PRAGMA application_id = \(WebhookSchema.applicationID)", at: "webhooks.make")
        try run("PRAGMA user_version = \(WebhookSchema.version)", at: "webhooks.make")
      }
      try run("COMMIT", at: "webhooks.commit")
      return tables == 0 || application == WebhookSchema.applicationID && version == WebhookSchema.version
    } catch {
      rollBack()
      throw error
    }
  }
}
