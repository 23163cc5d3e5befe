package import MTACore
package import MTASystem
import NIOCore

/// Reads events that a server may be writing.
package final class EventReader {
  private let database: Database

  /// - Returns: nil if there is none.
  /// - Throws: ``MTACore/StoreFailure`` if it cannot be read.
  package init?(path: String) throws(StoreFailure) {
    do throws(FileFailure) { _ = try DurableFiles().status(path, at: "events.look") } catch {
      if error.isNotFound { return nil }
      throw .failed(error.description)
    }
    do throws(SQLiteFailure) {
      database = try Database(path: path, busyMilliseconds: 5000, faults: nil)
      try database.configureForReading()
      let application = try database.first("PRAGMA application_id", at: "events.inspect") { $0.integer(0) }
      let version = try database.first("PRAGMA user_version", at: "events.inspect") { $0.integer(0) }
      // A server is about to make it.
      if application == 0, version == 0 { return nil }
      guard application == EventSchema.applicationID, version == EventSchema.version else {
        throw SQLiteFailure(code: 26, message: "it has no events of this version", statement: "open \(path)")
      }
    } catch { throw .failed(error.description) }
  }

  /// All that is kept of a mail, oldest first.
  package func records(of mail: MailID) throws(StoreFailure) -> [EventRecord] {
    var records: [EventRecord] = []
    for shelf in [EventRecord.Shelf.mails, .refusals] {
      try read(
        shelf, "SELECT id, at, kind, mail, fields FROM \(shelf.rawValue) WHERE mail = ? ORDER BY id LIMIT 100000",
        [.text(mail.description)]
      ) { if let record = $1 { records.append(record) } }
    }
    return records
  }

  /// Goes through a shelf, newest first.
  ///
  /// - Parameters:
  ///   - times: of the records.
  ///   - text: stands in the fields, as they are written, in small letters. Empty: anything does.
  ///   - body: returns false to end.
  package func scan(
    _ shelf: EventRecord.Shelf, _ times: ClosedRange<Timestamp>, containing text: String = "",
    _ body: (EventRecord) -> Bool
  ) throws(StoreFailure) {
    var last = Int64.max
    var goesOn = true
    while goesOn {
      var count = 0
      let sql = """
        SELECT id, at, kind, mail, fields FROM \(shelf.rawValue) WHERE id < ? AND at BETWEEN ? AND ?
          AND (? = '' OR instr(lower(CAST(fields AS TEXT)), ?) > 0) ORDER BY id DESC LIMIT \(Self.page)
        """
      let values: [SQLValue] = [
        .integer(last), .integer(times.lowerBound.milliseconds), .integer(times.upperBound.milliseconds), .text(text),
        .text(text),
      ]
      try read(shelf, sql, values) { id, record in
        count += 1
        last = id
        if goesOn, let record { goesOn = body(record) }
      }
      if count < Self.page { return }
    }
  }

  private static let page = 200

  private func read(
    _ shelf: EventRecord.Shelf, _ sql: String, _ values: [SQLValue], _ body: (Int64, EventRecord?) -> Void
  ) throws(StoreFailure) {
    do throws(SQLiteFailure) {
      try database.run(sql, values, at: "events.read") { row in
        guard let kind = UInt8(exactly: row.integer(2)).flatMap({ EventRecord.Kind(rawValue: $0) }) else {
          return body(row.integer(0), nil)
        }
        let fields = row.blob(4).map { Array($0.readableBytesView) } ?? []
        body(
          row.integer(0),
          EventRecord(
            kind, at: Timestamp(milliseconds: min(max(0, row.integer(1)), Timestamp.last.milliseconds)), on: shelf,
            mail: row.text(3).flatMap { MailID($0) }, fields: fields))
      }
    } catch { throw error.storeFailure }
  }
}
