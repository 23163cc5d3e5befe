import MTACore
import MTASystem

/// The connection for reading, on a thread of its own, so that readers never delay a commit.
///
/// `@unchecked`: only the one thread of `thread` uses `database`.
final class Reader: @unchecked Sendable {
  private let thread = WorkerThreads(count: 1)
  private let open: @Sendable () throws(SQLiteFailure) -> Database
  private var database: Database?
  private var isClosed = false
  private var report: @Sendable (SQLiteFailure) -> Void = { _ in }

  init(_ open: @escaping @Sendable () throws(SQLiteFailure) -> Database) { self.open = open }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws(SQLiteFailure) -> Value
  ) async throws(StoreFailure) -> Value {
    try await thread.start(late: { .failure(.closed) }) { self.answer(body) }.value().get()
  }

  private func answer<Value>(_ body: (Database) throws(SQLiteFailure) -> Value) -> Result<Value, StoreFailure> {
    guard !isClosed else { return .failure(.closed) }
    do throws(SQLiteFailure) {
      if let database { return .success(try body(database)) }
      let opened = try open()
      database = opened
      return .success(try body(opened))
    } catch {
      // The next reader begins afresh.
      if !error.isOfStatement { database = nil }
      if error.isDamage { report(error) }
      return .failure(error.storeFailure)
    }
  }

  /// Calls `report` with each failure that is the file's fault. Set it before the first read.
  func whenDamaged(_ report: @escaping @Sendable (SQLiteFailure) -> Void) {
    thread.start(late: {}, { self.report = report })
  }

  /// Runs `body` on the reader's thread, between two reads and without a connection. The caller's thread waits.
  func whileClosed(_ body: @escaping @Sendable () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
    let end = Monitor<Result<Void, SQLiteFailure>?>(nil)
    thread.start {
      self.database = nil
      let result: Result<Void, SQLiteFailure>
      do throws(SQLiteFailure) { result = .success(try body()) } catch { result = .failure(error) }
      end.signal { state in
        state = result
        return true
      }
    }
    try end.wait(until: { _ in nil }, take: { $0 })?.get()
  }

  func close(_ done: @escaping @Sendable () -> Void) {
    let end: @Sendable () -> Void = {
      self.isClosed = true
      self.database = nil
    }
    thread.start(late: {}, end)
    thread.close(done)
  }
}
