import CSQLite
import MTACore

/// A failure of SQLite.
struct SQLiteFailure: Error, Hashable, CustomStringConvertible {
  /// The extended result code.
  let code: Int32
  let message: String
  /// The failed statement or step.
  let statement: String

  /// Whether the statement itself is at fault, so that others of the transaction may succeed.
  var isOfStatement: Bool {
    switch code & 0xff {
    case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_ERROR: true
    default: false
    }
  }

  /// Whether another process holds the database.
  var isBusy: Bool { code & 0xff == SQLITE_BUSY || code & 0xff == SQLITE_LOCKED }
  var isFull: Bool { code & 0xff == SQLITE_FULL }
  var isNotADatabase: Bool { code & 0xff == SQLITE_NOTADB }
  var isCorrupt: Bool { code & 0xff == SQLITE_CORRUPT }
  /// Whether the file, not the statement or the machine, is at fault.
  var isDamage: Bool { isCorrupt || isNotADatabase }

  var storeFailure: StoreFailure { isFull ? .noSpace : .failed(description) }

  var description: String { "\(statement): \(message) (SQLite \(code))" }
}
