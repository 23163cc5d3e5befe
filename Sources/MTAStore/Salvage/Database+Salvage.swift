import CSQLite
import MTACore
import MTASystem
import NIOCore

extension Database {
  /// Whether the file contradicts itself. Reads all of it.
  func isDamaged() throws(SQLiteFailure) -> Bool {
    do throws(SQLiteFailure) {
      return try first("PRAGMA integrity_check(1)", at: "damage.look") { $0.text(0) } != "ok"
    } catch {
      if error.isDamage { return true }
      throw error
    }
  }

  func has(mail: String) throws(SQLiteFailure) -> Bool {
    try first("SELECT 1 FROM messages WHERE id = ?", [.text(mail)], at: "salvage.find") { _ in true } ?? false
  }

  /// The recipients of a mail that have a copy.
  func recipients(of mail: String) throws(SQLiteFailure) -> [String] {
    var recipients: [String] = []
    try run("SELECT \"to\" FROM parcels WHERE mail_id = ?", [.text(mail)], at: "salvage.find") {
      recipients.append($0.text(0) ?? "")
    }
    return recipients
  }

  func settle(_ mail: String, as settledAt: SQLValue) throws(SQLiteFailure) {
    try run(
      "UPDATE messages SET settled_at = ?2, content = NULL, content_file = NULL, checksum = NULL WHERE id = ?1 AND settled_at IS NULL",
      [.text(mail), settledAt], at: "salvage.settle")
  }

  /// Settles the mail if all of its copies are final.
  /// - Parameter files: gets the name of the mail's file, if that is no longer needed.
  func settlesNow(_ mail: MailID, at now: Timestamp, into files: inout [String]) throws(SQLiteFailure) -> Bool {
    if let file = try settle(mail, at: now) { files.append(file) }
    return try first(
      "SELECT settled_at IS NOT NULL FROM messages WHERE id = ?", [.text(mail.description)], at: "salvage.settle"
    ) { $0.integer(0) == 1 } ?? false
  }
}

extension SQLValue {
  /// About how many bytes it takes.
  var bytes: Int {
    switch self {
    case .null: 0
    case .integer: 8
    case .text(let text): text.utf8.count
    case .blob(let blob): blob.readableBytes
    }
  }
}

extension FileFailure {
  /// For callers that expect the failures of a database.
  var ofDatabase: SQLiteFailure {
    SQLiteFailure(code: isNoSpace ? SQLITE_FULL : SQLITE_IOERR, message: description, statement: operation)
  }
}
