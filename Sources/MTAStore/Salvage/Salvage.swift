import MTACore
import MTASystem
import NIOCore

/// Copies all readable rows of a damaged database into a good one.
///
/// Every page with rows of a table is read by itself, whatever points to it. Free pages are skipped: their rows are older than those
/// elsewhere. A mail's row alone is enough to deliver it: copies without readable rows are made anew from its envelope. They may have
/// been delivered already. So a mail may arrive twice, but no readable mail is lost.
struct Salvage {
  /// The target of the rows.
  enum Target {
    /// A new database. Rows keep their numbers, because a runner may be working on them.
    case new
    /// A database in use. Its own mails stay as they are.
    case merged
  }

  private let pages: PageFile
  private let database: Database
  private let target: Target
  private let configuration: MailStore.Configuration
  private let folder: ContentFolder
  private(set) var report: MailStore.SalvageReport
  /// Content files of mails that are done.
  private(set) var unneeded: [String] = []

  private var columns: [String: [String]] = [:]
  private var saved: Set<String> = []
  private var copies: Set<Int64> = []
  private var bytesSinceCommit = 0

  init(
    _ path: String, into database: Database, _ target: Target, _ configuration: MailStore.Configuration,
    _ folder: ContentFolder
  ) throws(FileFailure) {
    pages = try PageFile.open(path, folder.files)
    self.database = database
    self.target = target
    self.configuration = configuration
    self.folder = folder
    report = MailStore.SalvageReport(damaged: path)
  }

  /// Whether the file has at least one mail of ours, even if little else can be read.
  static func recognizes(_ path: String, _ files: DurableFiles) throws(FileFailure) -> Bool {
    let pages = try PageFile.open(path, files)
    guard pages.count > 0 else { return false }
    for number in 1...pages.count where !pages.isFree(number) {
      for row in try LeafRows(pages: pages).rows(of: number, following: false) ?? [] {
        if case .mail? = SalvagedRow(row) { return true }
      }
    }
    return false
  }

  mutating func run() throws(SQLiteFailure) {
    try database.run("PRAGMA foreign_keys = OFF", at: "salvage.begin")
    for table in ["messages", "parcels", "contacts", "logins", "client_orders"] {
      var names: [String] = []
      try database.run("PRAGMA table_info(\(table))", at: "salvage.begin") { names.append($0.text(1) ?? "") }
      columns[table] = names
    }
    try database.run("BEGIN IMMEDIATE", at: "salvage.begin")
    do throws(SQLiteFailure) {
      let mails = try copiesAndContacts()
      if target == .new { try reserveNumbers() }
      for number in mails {
        for case .mail(let mail)? in try rows(of: number, following: true).map({ SalvagedRow($0) }) { try save(mail) }
        try commitIfLarge()
      }
      try finish()
      try database.run("COMMIT", at: "salvage.commit")
      try database.run("PRAGMA foreign_keys = ON", at: "salvage.commit")
    } catch {
      database.rollBack()
      throw error
    }
  }

  /// The small rows come first, so that a mail's own row finds its copies.
  /// - Returns: the pages with mails.
  private mutating func copiesAndContacts() throws(SQLiteFailure) -> [Int] {
    var mails: [Int] = []
    guard pages.count > 0 else { return [] }
    for number in 1...pages.count where !pages.isFree(number) {
      let found = try rows(of: number, following: false)
      if found.contains(where: { if case .mail? = SalvagedRow($0) { true } else { false } }) {
        mails.append(number)
        continue
      }
      // A row of these tables seldom goes on elsewhere.
      for row in found.allSatisfy(\.isWhole) ? found : try rows(of: number, following: true) {
        switch SalvagedRow(row) {
        case .copy(let copy)?: try save(copy)
        case .contact(let values)?:
          let own = target == .new ? values : [.null] + values.dropFirst()
          if try insert("contacts", own) { report.contacts += 1 }
        case .login(let values)?:
          _ = try insert("logins", target == .new ? values : [.null] + values.dropFirst())
        case .order(let values)?:
          _ = try insert("client_orders", target == .new ? values : [.null] + values.dropFirst())
        case .accountOrder(let values)?:
          _ = try insert("account_orders", target == .new ? values : [.null] + values.dropFirst())
        case .mail?, nil: break
        }
      }
      try commitIfLarge()
    }
    return mails
  }

  private func rows(of number: Int, following: Bool) throws(SQLiteFailure) -> [RawRow] {
    do { return try LeafRows(pages: pages).rows(of: number, following: following) ?? [] } catch {
      throw error.ofDatabase
    }
  }

  private mutating func save(_ copy: SalvagedRow.Copy) throws(SQLiteFailure) {
    var values = copy.values
    switch target {
    case .new:
      values[0] = .integer(copy.number)
      // Of two states of one copy the final one is the later.
      if copies.contains(copy.number), copy.state != .waiting, copy.state != .working {
        try database.run(
          "DELETE FROM parcels WHERE id = ? AND state IN ('waiting', 'working')", [.integer(copy.number)],
          at: "salvage.copy")
      }
    case .merged:
      if copies.contains(copy.number) { return }
      if try database.has(mail: copy.mail) { return }
      values[1] = .null
    }
    copies.insert(copy.number)
    _ = try insert("parcels", values)
  }

  /// A runner may hold the numbers of rows that cannot be read, and will record outcomes by them. So no new copy may get such a number.
  /// A record reserves them, and goes with the history.
  private func reserveNumbers() throws(SQLiteFailure) {
    let highest = (copies.max() ?? 0) + Int64(pages.count) * 256
    let now = configuration.clock.now
    let id = MailID(at: now, random: 0).description
    try database.run(
      "INSERT INTO messages (id, size, created_at, settled_at, envelope) VALUES (?1, 0, ?2, ?2, '{}')",
      [.text(id), .text(now.description)], at: "salvage.reserve")
    try database.run(
      """
      INSERT INTO parcels (id, mail_id, "from", "to", delivery, delivery_msg, created_at, updated_at, state, expires_at)
        VALUES (?1, ?2, '<>', '', 'none', 'the salvage of a damaged database: lower numbers may be in use', ?3, ?3, 'recorded', ?3)
      """, [.integer(highest), .text(id), .text(now.description)], at: "salvage.reserve")
  }

  private mutating func save(_ mail: SalvagedRow.Mail) throws(SQLiteFailure) {
    let id = mail.id.description
    if saved.contains(id) {
      // Of two states of one mail the settled one is the later.
      if mail.isSettled { try database.settle(id, as: mail.values[3]) }
      return
    }
    if target == .merged, try database.has(mail: id) { return }
    let known = try database.recipients(of: id)
    let envelope = mail.envelope.flatMap { try? EnvelopeText.decode($0) }.flatMap { $0.id == mail.id ? $0 : nil }
    // Nobody knows for whom it was.
    if envelope == nil, known.isEmpty { return }
    saved.insert(id)
    // Without trace and content, of which a part is not worth anything.
    var values = Array(mail.values.prefix(mail.isWhole ? mail.values.count : 6))
    if values.count < 5 { values.append(.text("")) }
    _ = try insert("messages", values)
    if mail.isSettled {
      report.finished += 1
      return
    }
    if let envelope { try makeAnew(envelope, without: known) }
    if mail.isWhole, let file = mail.contentFile { try fetch(file) }
    if try database.settlesNow(mail.id, at: configuration.clock.now, into: &unneeded) {
      report.finished += 1
    } else if mail.isWhole, envelope != nil {
      report.mails += 1
    } else {
      report.held += 1
      let reason = envelope == nil ? "its envelope was on a damaged page" : "its content was on a damaged page"
      try database.hold(id, because: reason, at: configuration.clock.now)
    }
  }

  /// Makes copies for the recipients without one.
  private mutating func makeAnew(_ envelope: Envelope, without known: [String]) throws(SQLiteFailure) {
    var known = known
    var rest = envelope
    rest.recipients.removeAll { recipient in
      guard let index = known.firstIndex(of: recipient.mailbox.description) else { return false }
      known.remove(at: index)
      return true
    }
    guard !rest.recipients.isEmpty else { return }
    report.rebuilt += rest.recipients.count
    try database.insertParcels(
      of: rest, in: rest.recipients.map(configuration.lane),
      expiresAt: envelope.expiry(after: configuration.queueLifetime))
    // What became of them before is not known.
    try database.run(
      "UPDATE parcels SET leases = 1 WHERE mail_id = ? AND leases = 0", [.text(envelope.id.description)],
      at: "salvage.copy")
  }

  /// A start without this mail's row may have moved its file to `lost`.
  private func fetch(_ name: String) throws(SQLiteFailure) {
    do { try folder.bringBack(name) } catch { throw error.ofDatabase }
  }

  private mutating func finish() throws(SQLiteFailure) {
    // Copies without their mail.
    var lost: [String] = []
    try database.run(
      """
      SELECT mail_id || ' to ' || "to" FROM parcels WHERE state IN ('waiting', 'working')
        AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = mail_id)
      """, at: "salvage.finish"
    ) { lost.append($0.text(0) ?? "") }
    report.lost = Array(lost.prefix(1000))
    report.lostCount = lost.count
    try database.run(
      "DELETE FROM parcels WHERE NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = mail_id)", at: "salvage.finish")
    try database.run(
      "UPDATE parcels SET contact_id = NULL WHERE contact_id NOT IN (SELECT id FROM contacts)", at: "salvage.finish")
  }

  /// - Returns: false if the row's number or name exists already, or if it breaks a rule of the table.
  private mutating func insert(_ table: String, _ values: [SQLValue]) throws(SQLiteFailure) -> Bool {
    let names = (columns[table] ?? []).prefix(values.count)
    let places = names.map { _ in "?" }.joined(separator: ", ")
    let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
    bytesSinceCommit += values.reduce(200) { $0 + $1.bytes }
    return try database.first(
      "INSERT OR IGNORE INTO \(table) (\(list)) VALUES (\(places)) RETURNING 1", Array(values.prefix(names.count)),
      at: "salvage.insert"
    ) { _ in true } ?? false
  }

  /// A new database is dropped if this fails, so it may be written in parts.
  private mutating func commitIfLarge() throws(SQLiteFailure) {
    guard target == .new, bytesSinceCommit > WriterInbox.groupBytes else { return }
    bytesSinceCommit = 0
    try database.run("COMMIT", at: "salvage.commit")
    try database.checkpoint(truncating: false)
    try database.run("BEGIN IMMEDIATE", at: "salvage.begin")
  }
}
