import MTACore
import MTASystem
import NIOCore

/// The file of events that wait to be sent, open for writing. One thread uses it.
final class WebhookFile {
  private let database: Database
  private let maximumBytes: Int64

  /// Events that are removed in one step, at most.
  private static let step: Int64 = 256
  private static let pages = 1000

  /// Opens the file, or makes it. One that is damaged, or is something else, is set aside first, as `….damaged`.
  ///
  /// - Parameter looks: at all of it, for something was wrong with it.
  /// - Returns: also whether one was set aside.
  static func open(
    _ configuration: WebhookKeeper.Configuration, looks: Bool = false
  ) throws(SQLiteFailure) -> (file: WebhookFile, wasSetAside: Bool) {
    do throws(SQLiteFailure) {
      if let database = try prepared(configuration) {
        let verdict = looks ? try database.first("PRAGMA quick_check(1)", at: "webhooks.look") { $0.text(0) } : "ok"
        let isWhole = verdict == "ok"
        if isWhole { return (WebhookFile(database, configuration), false) }
      }
    } catch {
      guard error.isDamage else { throw error }
    }
    try setAside(configuration)
    guard let database = try prepared(configuration) else {
      throw SQLiteFailure(code: 26, message: "a new file is not ours", statement: "open \(configuration.path)")
    }
    return (WebhookFile(database, configuration), true)
  }

  private init(_ database: Database, _ configuration: WebhookKeeper.Configuration) {
    self.database = database
    maximumBytes = Int64(configuration.maximumBytes)
  }

  private static func prepared(_ configuration: WebhookKeeper.Configuration) throws(SQLiteFailure) -> Database? {
    let files = DurableFiles(faults: configuration.faults)
    do { _ = try files.create(configuration.path, at: "webhooks.create") } catch {
      if !error.alreadyExists { throw error.ofDatabase }
    }
    let database = try Database(path: configuration.path, busyMilliseconds: 5000, faults: configuration.faults)
    return try database.prepareForWebhooks() ? database : nil
  }

  private static func setAside(_ configuration: WebhookKeeper.Configuration) throws(SQLiteFailure) {
    let files = DurableFiles(faults: configuration.faults)
    do throws(FileFailure) {
      try files.rename(configuration.path, to: configuration.path + ".damaged", at: "webhooks.aside")
    } catch { throw error.ofDatabase }
    for suffix in ["-wal", "-shm"] { try? files.unlink(configuration.path + suffix, at: "webhooks.aside") }
  }

  // MARK: - Changes

  private func change<Value>(_ body: () throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
    try database.run("BEGIN IMMEDIATE", at: "webhooks.begin")
    do throws(SQLiteFailure) {
      let value = try body()
      try database.run("COMMIT", at: "webhooks.commit")
      return value
    } catch {
      database.rollBack()
      throw error
    }
  }

  /// Adds events in one transaction, those of one mail behind those that it has.
  func add(_ events: [WebhookEvent], at now: Timestamp) throws(SQLiteFailure) {
    try change { () throws(SQLiteFailure) in
      var bytes = 0
      for event in events {
        try database.run(
          """
          INSERT INTO waiting (id, mail, at, cost, body, due) VALUES (?1, ?2, ?3, ?4, ?5,
            CASE WHEN EXISTS (SELECT 1 FROM waiting WHERE mail = ?2) THEN NULL ELSE ?6 END)
          """,
          [
            .text(event.id), .text(event.mail), .integer(event.at.milliseconds), .integer(Int64(event.cost)),
            .blob(ByteBuffer(bytes: event.body)), .integer(now.milliseconds),
          ], at: "webhooks.insert")
        bytes += event.cost
      }
      try count(events: events.count, bytes: Int64(bytes))
    }
    if database.pagesInLog > Self.pages { try database.checkpoint(truncating: false) }
  }

  /// Removes what the endpoint has, and sets back what it has not, in one transaction.
  func settle(_ sent: [SentWebhook], at now: Timestamp) throws(SQLiteFailure) {
    try change { () throws(SQLiteFailure) in
      for one in sent {
        if let next = one.next {
          try database.run(
            "UPDATE waiting SET attempts = attempts + 1, due = ? WHERE number = ? AND id = ?",
            [.integer(next.milliseconds), .integer(one.number), .text(one.id)], at: "webhooks.update")
        } else {
          try remove(one.number, one.id, at: now)
        }
      }
    }
    if database.pagesInLog > Self.pages { try database.checkpoint(truncating: false) }
  }

  /// The next event of the mail is due.
  ///
  /// - Parameter id: of the event, or it stays: its number may be of a file that was set aside.
  private func remove(_ number: Int64, _ id: String? = nil, at now: Timestamp) throws(SQLiteFailure) {
    let found = try database.first(
      "SELECT mail, cost FROM waiting WHERE number = ?1 AND (?2 IS NULL OR id = ?2)",
      [.integer(number), .text(optional: id)], at: "webhooks.find"
    ) { ($0.text(0) ?? "", $0.integer(1)) }
    guard let (mail, cost) = found else { return }
    try database.run("DELETE FROM waiting WHERE number = ?", [.integer(number)], at: "webhooks.remove")
    try database.run(
      """
      UPDATE waiting SET due = ? WHERE number = (SELECT min(number) FROM waiting WHERE mail = ?) AND due IS NULL
      """, [.integer(now.milliseconds), .text(mail)], at: "webhooks.update")
    try count(events: -1, bytes: -cost)
  }

  private func count(events: Int, bytes: Int64) throws(SQLiteFailure) {
    for (name, value) in [("events", Int64(events)), ("bytes", bytes)] {
      try database.run(
        "UPDATE sums SET value = max(0, value + ?) WHERE name = ?", [.integer(value), .text(name)],
        at: "webhooks.count")
    }
  }

  /// Everything that waits for its time is due.
  func hurry(at now: Timestamp) throws(SQLiteFailure) {
    try database.run(
      "UPDATE waiting SET due = ?1 WHERE due > ?1", [.integer(now.milliseconds)], at: "webhooks.update")
  }

  // MARK: - Bounds

  /// Removes the oldest until the bound is kept, or none is left but those on their way.
  ///
  /// - Returns: how many were removed.
  func bound(sparing outside: Set<Int64>, at now: Timestamp) throws(SQLiteFailure) -> Int {
    var removed = 0
    while try sum("bytes") > maximumBytes {
      let count = try removeOldest(before: nil, sparing: outside, at: now)
      if count == 0 { break }
      removed += count
    }
    return removed
  }

  /// Removes a step of what is older than `end`.
  ///
  /// - Returns: how many were removed.
  func removeOld(before end: Timestamp, sparing outside: Set<Int64>, at now: Timestamp) throws(SQLiteFailure) -> Int {
    try removeOldest(before: end, sparing: outside, at: now)
  }

  private func removeOldest(
    before end: Timestamp?, sparing outside: Set<Int64>, at now: Timestamp
  ) throws(SQLiteFailure) -> Int {
    try change { () throws(SQLiteFailure) in
      var numbers: [Int64] = []
      // Small bounds lose no more than they must.
      let limit = max(1, min(Self.step, maximumBytes / 65_536)) + Int64(outside.count)
      try database.run(
        "SELECT number FROM waiting WHERE number IN (SELECT number FROM waiting ORDER BY number LIMIT ?2) AND (?1 IS NULL OR at < ?1)",
        [end.map { .integer($0.milliseconds) } ?? .null, .integer(limit)], at: "webhooks.old"
      ) { numbers.append($0.integer(0)) }
      numbers.removeAll(where: outside.contains)
      for number in numbers { try remove(number, at: now) }
      return numbers.count
    }
  }

  // MARK: - Questions

  /// What is due, the longest due first: of each mail its first event.
  func due(at now: Timestamp, limit: Int, sparing outside: Set<Int64>) throws(SQLiteFailure) -> [DueWebhook] {
    var found: [DueWebhook] = []
    try database.run(
      """
      SELECT number, id, attempts, body FROM waiting WHERE due IS NOT NULL AND due <= ? ORDER BY due, number LIMIT ?
      """, [.integer(now.milliseconds), .integer(Int64(limit + outside.count))], at: "webhooks.due"
    ) { row in
      guard found.count < limit, !outside.contains(row.integer(0)) else { return }
      found.append(
        DueWebhook(
          number: row.integer(0), id: row.text(1) ?? "", attempts: Int(clamping: row.integer(2)),
          body: row.blob(3).map { Array($0.readableBytesView) } ?? []))
    }
    return found
  }

  func sum(_ name: String) throws(SQLiteFailure) -> Int64 {
    try database.first("SELECT value FROM sums WHERE name = ?", [.text(name)], at: "webhooks.count") { $0.integer(0) }
      ?? 0
  }

  func oldest() throws(SQLiteFailure) -> Timestamp? {
    let first = "SELECT at FROM waiting ORDER BY number LIMIT 1"
    return try database.first(first, at: "webhooks.count") { Timestamp(milliseconds: $0.integer(0)) }
  }
}
