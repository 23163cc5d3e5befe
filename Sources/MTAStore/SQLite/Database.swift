import CSQLite
import MTACore
import MTASystem
import NIOCore

/// One connection to a SQLite file, with its prepared statements. Used by one thread at a time.
final class Database {
  private let handle: OpaquePointer
  private var statements: [String: Statement] = [:]
  private let faults: FaultPlan?
  private let busyMilliseconds: Int32
  /// As of ``MailStore/Configuration``.
  var contactPrefix = ContactKey.prefixLength
  /// Pages in the write-ahead log after the last commit of this connection.
  private let loggedPages: UnsafeMutablePointer<Int32>

  /// Opens a file that exists.
  init(path: String, busyMilliseconds: Int32, faults: FaultPlan?) throws(SQLiteFailure) {
    try Self.pass("database.open", "open", faults)
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let opened else {
      let message = String(cString: opened.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
      sqlite3_close_v2(opened)
      throw SQLiteFailure(code: code, message: message, statement: "open \(path)")
    }
    handle = opened
    self.faults = faults
    self.busyMilliseconds = busyMilliseconds
    sqlite3_busy_timeout(opened, busyMilliseconds)
    loggedPages = .allocate(capacity: 1)
    loggedPages.initialize(to: 0)
    // The hook stands in for SQLite's automatic checkpoints, which would run inside somebody's commit.
    sqlite3_wal_hook(
      opened,
      { context, _, _, pages in
        context?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, loggedPages)
  }

  deinit {
    statements = [:]
    sqlite3_close_v2(handle)
    loggedPages.deallocate()
  }

  /// Runs a statement to its end and hands each row to `body`.
  func run(
    _ sql: String, _ values: [SQLValue] = [], at point: FaultPoint, _ body: (Row) -> Void = { _ in }
  ) throws(SQLiteFailure) {
    try Self.pass(point, sql, faults)
    let statement = try prepared(sql)
    let code = statement.run(values, body)
    if code != SQLITE_DONE { throw failure(code, sql) }
  }

  /// The first row's value under `read`; nil without a row.
  func first<Value>(
    _ sql: String, _ values: [SQLValue] = [], at point: FaultPoint, _ read: (Row) -> Value
  ) throws(SQLiteFailure) -> Value? {
    var value: Value?
    try run(sql, values, at: point) { row in if value == nil { value = read(row) } }
    return value
  }

  /// For steps without an SQLite call of their own: throws if the step is to fail.
  func pass(_ point: FaultPoint) throws(SQLiteFailure) {
    try Self.pass(point, point.description, faults)
  }

  /// Ends an open transaction without effect. After some failures SQLite has done so already.
  func rollBack() {
    guard sqlite3_get_autocommit(handle) == 0 else { return }
    sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
  }

  /// The cost of each statement on this connection so far.
  var costs: [String: (steps: Int, scanned: Int)] { statements.mapValues(\.cost) }

  /// The number that the last inserted row got.
  var lastNumber: Int64 { sqlite3_last_insert_rowid(handle) }

  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") != 0 }
  var pagesInLog: Int { Int(loggedPages.pointee) }

  /// Moves pages from the write-ahead log to the database file. Pages that other connections still read stay for the next time.
  /// - Parameter truncating: wait half a second for readers, and cut the log's file to nothing.
  func checkpoint(truncating: Bool) throws(SQLiteFailure) {
    try pass("database.checkpoint")
    var logged: Int32 = 0
    var moved: Int32 = 0
    // Commits stand behind this: somebody's forgotten shell must not stop them for long.
    sqlite3_busy_timeout(handle, min(busyMilliseconds, 500))
    defer { sqlite3_busy_timeout(handle, busyMilliseconds) }
    let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &logged, &moved)
    if code != SQLITE_OK, code & 0xff != SQLITE_BUSY { throw failure(code, "checkpoint") }
  }

  private func prepared(_ sql: String) throws(SQLiteFailure) -> Statement {
    if let statement = statements[sql] { return statement }
    var made: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
    guard code == SQLITE_OK, let made else { throw failure(code, sql) }
    let statement = Statement(made)
    statements[sql] = statement
    return statement
  }

  private func failure(_ code: Int32, _ sql: String) -> SQLiteFailure {
    SQLiteFailure(code: code, message: String(cString: sqlite3_errmsg(handle)), statement: Self.brief(sql))
  }

  private static func pass(_ point: FaultPoint, _ sql: String, _ faults: FaultPlan?) throws(SQLiteFailure) {
    switch faults?.databaseFault(at: point) {
    case nil, .crashes, .failsOnFile: break
    case .fails(let code):
      let cause = FileFailure(code: code, operation: "injected", path: "fault")
      throw SQLiteFailure(
        code: cause.isNoSpace ? SQLITE_FULL : SQLITE_IOERR, message: cause.description, statement: brief(sql))
    case .refuses(let code): throw SQLiteFailure(code: code, message: "injected", statement: brief(sql))
    }
  }

  /// The statement's first words are enough for a log.
  private static func brief(_ sql: String) -> String {
    String(sql.prefix(40).map { $0.isNewline ? " " : $0 })
  }
}
