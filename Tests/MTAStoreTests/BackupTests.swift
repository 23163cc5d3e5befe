import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

/// A backup has each mail whole; a restore adds what is missing, or nothing.
@Suite(.takesTurns) struct BackupTests {
  private let here = StoreFixture()
  private let files = DurableFiles()

  private var path: String { here.path + "/backup" }

  private func open(_ fixture: StoreFixture, clock: (any WallClock)? = nil) throws -> MailStore {
    try fixture.open {
      $0.contentInDatabase = 5000
      if let clock { $0.clock = clock }
    }
  }

  private static let both = [EnvelopeRecipient(Mailbox("b@one.example")), EnvelopeRecipient(Mailbox("c@two.example"))]

  /// Mails of both sizes: some waiting, one copy delivered, one mail done, one held.
  private func fill(_ store: MailStore, _ count: Int = 12) async throws -> [MailID: ByteBuffer] {
    var waiting: [MailID: ByteBuffer] = [:]
    for number in 0..<count {
      let content = noise(number % 3 == 0 ? 150_000 + number : 100 + number, seed: number)
      waiting[try await here.commit(to: store, [content], recipients: Self.both)] = content
    }
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 4, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    let done = try #require(mails.first)
    let half = try #require(mails.last)
    try await store.record(
      (done.parcels + half.parcels.prefix(1)).map { ParcelResult($0.id, .delivered, message: "250 ok") },
      by: StoreFixture.me, at: StoreFixture.noon)
    waiting[done.envelope.id] = nil
    let address = try #require(IPAddress("192.0.2.1"))
    store.save(ContactRecord(ContactKey(address), hits: 7))
    store.save(
      LoginRecord(try #require(LoginAccount("ann")), from: ContactKey(address), at: StoreFixture.noon))
    try await store.save(
      ClientOrder(
        .prohibit, try #require(Network("198.51.100.0/24")), reason: "x", createdAt: StoreFixture.noon))
    return waiting
  }

  @discardableResult
  private func backUp(_ store: MailStore) async throws -> BackupReport {
    try? files.unlink(path, at: "test")
    let file = try files.create(path, at: "test")
    return try await store.backup { try file.write($0, at: "test") }
  }

  private func restore(
    _ store: MailStore, holding: Bool = false, isTrial: Bool = false
  ) async throws -> RestoreReport {
    try await store.restore(from: files.openForReading(path, at: "test"), holding: holding, isTrial: isTrial)
  }

  /// What a runner would deliver: the contents, and the number of copies.
  private func delivered(by store: MailStore) async throws -> (contents: [MailID: ByteBuffer], copies: Int) {
    let now = StoreFixture.noon + .seconds(100_000_000)
    let mails = try await store.claim(by: StoreFixture.other, limit: 1000, now: now, deadline: now + .seconds(60))
    var contents: [MailID: ByteBuffer] = [:]
    for mail in mails { contents[mail.envelope.id] = try await store.content(of: mail.envelope.id).collected() }
    return (contents, mails.reduce(0) { $0 + $1.parcels.count })
  }

  private func bytes() throws -> ByteBuffer {
    let file = try files.openForReading(path, at: "test")
    return try file.read(from: 0, upTo: file.size(at: "test"), at: "test")
  }

  private func write(_ bytes: ByteBuffer) throws {
    try files.unlink(path, at: "test")
    try files.create(path, at: "test").write(bytes, at: "test")
  }

  @Test func anEmptyQueueGetsAllThatWaited() async throws {
    let store = try open(here)
    let sent = try await fill(store)
    let report = try await backUp(store)
    #expect(report.mails == 12 && report.waiting == 21 && report.contacts == 1 && report.damaged == 0)
    await store.close()
    let there = StoreFixture()
    let other = try open(there)
    let trial = try await restore(other, isTrial: true)
    #expect(try there.query("SELECT count(*) FROM messages") == ["0"])
    let restored = try await restore(other)
    #expect(trial == restored)
    #expect(restored.mails == 12 && restored.waiting == 21 && restored.held == 0 && restored.known == 0)
    let found = try await delivered(by: other)
    #expect(found.contents == sent && found.copies == 21)
    #expect(try there.query("SELECT hits FROM contacts") == ["7"])
    #expect(try there.query("SELECT account FROM logins") == ["ann"])
    #expect(try there.query("SELECT network FROM client_orders") == ["198.51.100.0/24"])
    #expect(try there.query("PRAGMA foreign_key_check") == [])
    // Couriers that can tell look whether a copy was delivered since.
    #expect(try there.query("SELECT count(*) FROM parcels WHERE state = 'working' AND leases < 2") == ["0"])
    #expect(try MailStore.verify(there.configuration(), contents: true).isWhole)
    // Again: nothing.
    let again = try await restore(other)
    #expect(again.mails == 0 && again.known == 12 && again.waiting == 0)
    #expect(try there.query("SELECT count(*) FROM parcels") == ["24"])
    #expect(try there.query("SELECT count(*) FROM client_orders") == ["1"])
    await other.close()
  }

  @Test func aQueueInUseGetsWhatIsMissingAndTheStricterContact() async throws {
    let store = try open(here)
    let sent = try await fill(store)
    try await backUp(store)
    let gone = try #require(sent.keys.first)
    _ = try await store.releaseLeases { _ in false }
    try await store.change(.delete(reason: "x"), QueueSelection(gone))
    _ = try here.query("DELETE FROM messages WHERE id = '\(gone)'")
    _ = try here.query("UPDATE contacts SET hits = 3, violations = 9, expires_at = '2030-01-01T00:00:00.000Z'")
    let report = try await restore(store, holding: true)
    #expect(report.mails == 1 && report.known == 11 && report.held == report.waiting && report.held > 0)
    let messages = try here.query(
      "SELECT delivery_msg FROM parcels WHERE mail_id = '\(gone)' AND state = 'waiting'")
    #expect(messages.allSatisfy { $0.hasPrefix("held: restored from the backup of 20") })
    #expect(
      try here.query("SELECT hits || ' ' || violations || ' ' || expires_at FROM contacts")
        == ["7 9 2030-01-01T00:00:00.000Z"])
    await store.close()
  }

  /// Time between backup and restore does not count.
  @Test func whatWasAwayKeepsItsLife() async throws {
    let store = try open(here, clock: FixedClock(StoreFixture.noon))
    try await here.commit(to: store)
    try await backUp(store)
    let text = try here.query("SELECT expires_at FROM parcels").first
    let before = try #require(text.flatMap { Timestamp($0) })
    await store.close()
    let there = StoreFixture()
    let other = try open(there, clock: FixedClock(StoreFixture.noon + .seconds(864_000)))
    _ = try await restore(other)
    #expect(try there.query("SELECT expires_at FROM parcels") == ["\(before + .seconds(864_000))"])
    await other.close()
  }

  @Test func damagedMailIsInTheBackupAndHeldAfterwards() async throws {
    let store = try open(here)
    let ids = try await [1, 2, 3].asyncMap { seed in
      try await here.commit(to: store, [noise(seed == 3 ? 300 : 9000, seed: seed)])
    }
    try files.unlink(here.queue + "/\(ids[0]).content", at: "test")
    try damage(here.queue + "/\(ids[1]).content")
    let report = try await backUp(store)
    #expect(report.mails == 3 && report.damaged == 2)
    await store.close()
    let there = StoreFixture()
    let other = try open(there)
    let restored = try await restore(other)
    #expect(restored.damaged == 2 && restored.held == 2 && restored.waiting == 3)
    #expect(try await delivered(by: other).contents.keys.map(\.description) == [ids[2].description])
    #expect(
      try there.query("SELECT substr(delivery_msg, 1, 30) FROM parcels WHERE hold = 1 ORDER BY id")
        == ["held: its content was missing ", "held: content is damaged: it d"])
    await other.close()
  }

  private func damage(_ path: String) throws {
    var content = try files.openForReading(path, at: "test").read(from: 0, upTo: 1 << 20, at: "test")
    content.setInteger(content.getInteger(at: 99, as: UInt8.self).map { $0 ^ 4 } ?? 0, at: 99)
    try files.unlink(path, at: "test")
    try files.create(path, at: "test").write(content, at: "test")
  }

  /// Cut anywhere, a bit changed anywhere, something behind the end: refused, and nothing is changed. Seeded.
  @Test func aDamagedFileIsRefusedBeforeAnythingIsChanged() async throws {
    let store = try open(here)
    _ = try await fill(store, 4)
    try await backUp(store)
    await store.close()
    let whole = try bytes()
    let there = StoreFixture()
    let other = try open(there)
    var random = SeededNumbers(4)
    var wrong: [ByteBuffer] = [ByteBuffer(), ByteBuffer(string: "SQLite format 3\u{0}"), noise(5000, seed: 1)]
    for _ in 0..<40 {
      wrong.append(try #require(whole.getSlice(at: 0, length: Int.random(in: 1..<whole.readableBytes, using: &random))))
      var flipped = whole
      let place = Int.random(in: 0..<whole.readableBytes, using: &random)
      let octet = try #require(whole.getInteger(at: place, as: UInt8.self))
      flipped.setInteger(octet ^ 1 << UInt8.random(in: 0..<8, using: &random), at: place)
      wrong.append(flipped)
    }
    var longer = whole
    longer.writeString("x")
    wrong.append(longer)
    for file in wrong {
      try write(file)
      await #expect(throws: BackupFault.self) { try await restore(other) }
    }
    #expect(try there.query("SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM contacts)") == ["0"])
    #expect(there.contentFiles == [])
    try write(whole)
    #expect(try await restore(other).mails == 4)
    await other.close()
  }

  /// Files that another program made on purpose, with right checksums.
  @Test func hostileRowsAreRefused() async throws {
    let store = try open(here)
    let begin: [SQLValue] = [.integer(1), .text("\(StoreFixture.noon)")]
    let id = "\(here.id())"
    func mail(_ change: (inout [SQLValue]) -> Void) -> [SQLValue] {
      let noon = SQLValue.text("\(StoreFixture.noon)")
      var row: [SQLValue] = [.text(id), .integer(3), noon, .null, .text("{}"), .null, .null, .integer(1)]
      change(&row)
      return row
    }
    func copy(_ change: (inout [String: SQLValue]) -> Void) -> [SQLValue] {
      let noon = SQLValue.text("\(StoreFixture.noon)")
      var values: [String: SQLValue] = [
        "from": .text("<>"), "to": .text("b@remote.example"), "delivery": .text("remote"), "state": .text("waiting"),
        "lane": .text(""), "created_at": noon, "updated_at": noon, "expires_at": noon, "retry_at": noon,
        "hold": .integer(0), "attempts": .integer(0), "priority": .integer(0), "leases": .integer(0),
      ]
      change(&values)
      return Database.backedUpCopy.map { values[$0] ?? .null }
    }
    let files: [[(BackupFormat.Kind, [SQLValue])]] = [
      [(.begin, [.integer(0), .text("x")])], [(.mail, mail { _ in })],
      [(.begin, begin), (.begin, begin)],
      [(.begin, begin), (.mail, mail { $0[0] = .text("../../etc/passwd") })],
      [(.begin, begin), (.mail, mail { $0[1] = .integer(.max) })],
      [(.begin, begin), (.mail, mail { $0[1] = .integer(-1) })],
      [(.begin, begin), (.mail, mail { $0[2] = .text("never") })],
      [(.begin, begin), (.mail, mail { $0.removeLast() })],
      [(.begin, begin), (.mail, mail { _ in }), (.copy, [.text("x")])],
      [(.begin, begin), (.mail, mail { _ in }), (.copy, Database.backedUpCopy.map { _ in .integer(1) })],
      [(.begin, begin), (.mail, mail { _ in }), (.copy, Database.backedUpCopy.map { _ in .integer(.min) })],
      [(.begin, begin), (.mail, mail { _ in }), (.copy, copy { $0["attempts"] = .integer(.min) })],
      [(.begin, begin), (.mail, mail { _ in }), (.copy, copy { $0["state"] = .text("x") })],
      [(.begin, begin), (.mail, mail { _ in }), (.copy, copy { $0["to"] = .text("no address") })],
      [(.begin, begin), (.contact, Array(repeating: .text("x"), count: 7))],
      [(.begin, begin), (.login, [.text("ann"), .text("x"), .text("y")])],
      [(.begin, begin), (.order, [.text("x"), .text("allow"), .text(""), .null, .text("y")])],
      [(.begin, begin), (.end, Array(repeating: .integer(1), count: 6))],
    ]
    for rows in files {
      try? self.files.unlink(path, at: "test")
      let file = try self.files.create(path, at: "test")
      var writer = BackupWriter { try file.write($0, at: "test") }
      for (kind, row) in rows { try writer.add(kind, row: row) }
      try writer.flush()
      await #expect(throws: BackupFault.self, "\(rows)") { try await restore(store) }
    }
    try self.files.unlink(path, at: "test")
    let file = try self.files.create(path, at: "test")
    var writer = BackupWriter { try file.write($0, at: "test") }
    try writer.add(.begin, row: [.integer(2), .text("of the future")])
    try writer.flush()
    await #expect { try await restore(store) } throws: { ($0 as? BackupFault)?.isNewer == true }
    #expect(try here.query("SELECT count(*) FROM messages") == ["0"])
    await store.close()
  }

  /// Mail comes and goes meanwhile: each mail of the backup is whole, and all that waited throughout are in it.
  @Test func mailThatComesAndGoesMeanwhileIsWholeOrNotThere() async throws {
    let store = try open(here)
    let sent = try await fill(store, 30)
    _ = try await store.releaseLeases { _ in false }
    let file = try files.create(path, at: "test")
    async let made = store.backup { try file.write($0, at: "test") }
    var late: [MailID: ByteBuffer] = [:]
    for number in 0..<30 {
      let content = noise(number % 2 == 0 ? 20_000 : 200, seed: 1000 + number)
      late[try await here.commit(to: store, [content], recipients: Self.both)] = content
      let mails = try await store.claim(
        by: StoreFixture.me, limit: 1, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
      try await store.record(
        mails.flatMap(\.parcels).map { ParcelResult($0.id, .delivered, message: "250 ok") }, by: StoreFixture.me,
        at: StoreFixture.noon)
    }
    #expect(try await made.damaged == 0)
    let still = Set(try here.query("SELECT id FROM messages WHERE settled_at IS NULL"))
    await store.close()
    let there = StoreFixture()
    let other = try open(there)
    _ = try await restore(other)
    let found = try await delivered(by: other).contents
    #expect(found.allSatisfy { (sent[$0.key] ?? late[$0.key]) == $0.value })
    #expect(sent.keys.filter { still.contains($0.description) }.allSatisfy { found[$0] != nil })
    await other.close()
  }

  /// Each step of a restore fails in turn. Another restore then adds the rest, and nothing is there half.
  @Test func eachFailureOfARestoreLeavesWholeMails() async throws {
    let store = try open(here)
    let sent = try await fill(store, 6)
    try await backUp(store)
    await store.close()
    let there = StoreFixture()
    var call = 1
    while true {
      let other = try open(there)
      there.faults.inject(.fails(5), call: call)
      let injected = there.faults.injected
      let result = try? await restore(other)
      let hasFailed = there.faults.injected > injected
      there.faults.clear()
      await other.close()
      #expect(try MailStore.verify(there.configuration(), contents: true).isWhole, "call \(call)")
      if !hasFailed {
        #expect(result != nil)
        break
      }
      let again = try open(there)
      let rest = try await restore(again)
      #expect(rest.mails + rest.known == 6, "call \(call)")
      #expect(try await delivered(by: again).contents == sent, "call \(call)")
      await again.close()
      for name in there.contentFiles where name.hasSuffix(".content") {
        try files.unlink(there.queue + "/" + name, at: "test")
      }
      for name in ["", "-wal", "-shm"] { try? files.unlink(there.database + name, at: "test") }
      call += 1
    }
    #expect(call > 20)
  }

  private struct FixedClock: WallClock {
    let now: Timestamp
    init(_ now: Timestamp) { self.now = now }
  }
}

extension Array {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
