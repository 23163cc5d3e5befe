import CSQLite

extension MailStore {
  /// The version of SQLite that the process runs with: `3.40.1`.
  public static var databaseVersion: String { String(cString: sqlite3_libversion()) }
}
