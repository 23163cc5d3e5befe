import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Damaged databases: met at the start, met while in use, looked for by the command.
@Suite(.takesTurns) struct DamageTests {
  let fixture = StoreFixture()
  let files = DurableFiles()
  static let pageSize = Schema.pageSizes[0]

  /// Mails of many sizes, each with two recipients; of every third mail one copy is delivered, every fifth is done.
  private func fill(_ count: Int) async throws -> [MailID: ByteBuffer] {
    let store = try fixture.open { $0.contentInDatabase = 9000 }
    let both = [
      EnvelopeRecipient(Mailbox("b@one.example")), EnvelopeRecipient(Mailbox("c@two.example")),
    ]
    var unfinished: [MailID: ByteBuffer] = [:]
    for number in 0..<count {
      let content = noise(100 + number * 37 % 9000 + (number % 50 == 7 ? 9000 : 0), seed: number)
      let id = try await fixture.commit(to: store, [content], recipients: both)
      unfinished[id] = content
    }
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 10 * count, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    for (index, mail) in mails.enumerated() {
      let parcels = mail.parcels.enumerated().filter { index % 5 == 0 || index % 3 == 0 && $0.offset == 0 }.map(
        \.element)
      try await store.record(
        parcels.map { ParcelResult($0.id, .delivered, message: "250 ok") }, by: StoreFixture.me, at: StoreFixture.noon)
      if index % 5 == 0 { unfinished[mail.envelope.id] = nil }
    }
    _ = try await store.releaseLeases { _ in false }
    await store.close()
    return unfinished
  }

  private func bytes(of path: String) throws -> ByteBuffer {
    let file = try files.openForReading(path, at: "test")
    return try file.read(from: 0, upTo: file.size(at: "test"), at: "test")
  }

  private func write(_ bytes: ByteBuffer, to path: String) throws {
    try? files.unlink(path, at: "test")
    try files.create(path, at: "test").write(bytes, at: "test")
  }

  /// Overwrites pages with noise.
  private func damage(_ pages: some Sequence<Int>) throws {
    var whole = try bytes(of: fixture.database)
    for page in pages {
      whole.setBuffer(noise(Self.pageSize, seed: page), at: whole.readerIndex + (page - 1) * Self.pageSize)
    }
    try write(whole, to: fixture.database)
  }

  /// Pages that lead to the rows of a table or an index, or hold them.
  private func pages(of name: String) throws -> [Int] {
    try fixture.query("SELECT pageno FROM dbstat WHERE name = '\(name)' AND pagetype <> 'overflow'").compactMap {
      Int($0)
    }
  }

  /// What a runner gets: recipients that are due, of mails whose content is as it was sent.
  private func due(_ store: MailStore, _ sent: [MailID: ByteBuffer]) async throws -> (whole: Int, other: Int) {
    var (whole, other) = (0, 0)
    var mails = try? await claim(from: store)
    // What was damaged is met now, and seen to before the next time.
    if mails == nil { mails = try await claim(from: store) }
    for mail in mails ?? [] {
      let content = try? await store.content(of: mail.envelope.id).collected()
      if content != nil, content == sent[mail.envelope.id] { whole += 1 } else { other += 1 }
    }
    return (whole, other)
  }

  private func claim(from store: MailStore) async throws -> [ClaimedMail] {
    try await store.claim(
      by: StoreFixture.other, limit: 100_000, now: StoreFixture.noon + .seconds(1),
      deadline: StoreFixture.noon + .seconds(60))
  }

  @Test func aDamagedIndexCostsNothing() async throws {
    let sent = try await fill(60)
    try damage(try pages(of: "parcels_due") + pages(of: "parcels_mail") + pages(of: "sqlite_autoindex_messages_1"))
    let store = try fixture.open()
    #expect(try await due(store, sent) == (sent.count, 0))
    // What was delivered stays so.
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE state = 'delivered'") == ["\(24 + 16)"])
    await store.close()
    #expect(try fixture.query("PRAGMA integrity_check") == ["ok"])
  }

  @Test func withoutTheFirstPageAllIsFound() async throws {
    let sent = try await fill(60)
    try damage([1, 2])
    let store = try fixture.open()
    #expect(try await due(store, sent) == (sent.count, 0))
    await store.close()
    let asides = try files.names(in: fixture.path + "/state", at: "test").filter { $0.contains(".damaged-") }
    #expect(asides.count == 1)
  }

  @Test func withoutAnyCopysRowAllAreMadeAnew() async throws {
    let sent = try await fill(40)
    try damage(try pages(of: "parcels"))
    let store = try fixture.open()
    #expect(try await due(store, sent) == (sent.count, 0))
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE state = 'working'") == ["\(2 * sent.count)"])
    await store.close()
  }

  /// Seeded: the same pages each time. What is on whole pages is saved; of a mail with a damaged page nothing wrong is delivered.
  @Test(arguments: 1...4) func pagesDamagedAtRandomCostTheirOwnMailsAlone(seed: Int) async throws {
    let sent = try await fill(150)
    let count = try bytes(of: fixture.database).readableBytes / Self.pageSize
    var random = SeededNumbers(seed)
    let hit = Set((0..<8).map { _ in Int.random(in: 1...count, using: &random) })
    // What each mail's row lies on, as the whole file has it.
    let mailPages = Set(try fixture.query("SELECT pageno FROM dbstat WHERE name = 'messages'").compactMap { Int($0) })
    try damage(hit)
    let report = try #require(try MailStore.salvage(fixture.configuration()))
    let store = try fixture.open()
    let (whole, other) = try await due(store, sent)
    // A page holds at most some rows of the smallest mails.
    #expect(whole >= sent.count - 24 * hit.intersection(mailPages).count, "\(report)")
    #expect(whole + report.held <= sent.count)
    // The last page of a content says nothing of itself, so what is written over it cannot be told.
    #expect(other <= hit.count)
    await store.close()
    #expect(try fixture.query("PRAGMA integrity_check") == ["ok"])
    #expect(try MailStore.salvage(fixture.configuration()) == nil)
  }

  @Test func mailOfTheLogAloneIsSaved() async throws {
    let store = try fixture.open()
    let first = try await fixture.commit(to: store, [noise(3000, seed: 1)])
    // A crash: the log was not moved into the database.
    let copies = try ["", "-wal"].map { try bytes(of: fixture.database + $0) }
    await store.close()
    try write(noise(3 * Self.pageSize, seed: 5), to: fixture.database)
    try write(copies[1], to: fixture.database + "-wal")
    let again = try fixture.open()
    #expect(try await due(again, [first: noise(3000, seed: 1)]) == (1, 0))
    await again.close()
  }

  @Test func whatIsMetInUseIsSeenToWithoutARestart() async throws {
    let sent = try await fill(60)
    let leaf = try #require(try pages(of: "messages").last)
    let store = try fixture.open()
    // A lease taken before counts afterwards.
    let early = try await store.claim(
      by: StoreFixture.me, limit: 1, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    try damageInPlace(fixture.database, page: leaf)
    try damageInPlace(fixture.database, page: try #require(try pages(of: "parcels_due").first))
    let (whole, other) = try await due(store, sent)
    try await fixture.commit(to: store)
    let mail = try #require(early.first)
    try await store.record(
      mail.parcels.map { ParcelResult($0.id, .delivered, message: "250 ok") }, by: StoreFixture.me,
      at: StoreFixture.noon)
    #expect(whole >= sent.count - 1 - 24)
    #expect(whole < sent.count - 1)
    #expect(other == 0)
    #expect(fixture.notices.withLockedValue { $0 }.contains { $0.description.contains("set aside") })
    #expect(
      try fixture.query("SELECT count(*) FROM parcels WHERE mail_id = '\(mail.envelope.id)' AND state <> 'delivered'")
        == ["0"])
    await store.close()
    #expect(try fixture.query("PRAGMA integrity_check") == ["ok"])
  }

  @Test func aFailureThatOnlyLooksLikeDamageChangesNothing() async throws {
    let store = try fixture.open()
    fixture.faults.inject(.refuses(11), at: "parcel.insert")
    await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store) }
    try await fixture.commit(to: store)
    await store.close()
    #expect(try files.names(in: fixture.path + "/state", at: "test").count { $0.contains("damaged") } == 0)
  }

  @Test func contentOfAMissingDatabaseIsKept() async throws {
    let store = try fixture.open { $0.contentInDatabase = 10 }
    let id = try await fixture.commit(to: store, [noise(5000, seed: 1)])
    await store.close()
    try files.rename(fixture.database, to: fixture.path + "/mislaid.db", at: "test")
    await (try fixture.open()).close()
    #expect(fixture.contentFiles == ["lost"])
    #expect(
      fixture.notices.withLockedValue { $0 }.contains { $0.isTrouble && $0.description.contains("\(id).content") })
    // And comes back with its row.
    let report = try #require(try MailStore.salvage(fixture.configuration(), from: fixture.path + "/mislaid.db"))
    #expect(report.mails == 1)
    let again = try fixture.open()
    #expect(try await due(again, [id: noise(5000, seed: 1)]) == (1, 0))
    await again.close()
  }

  @Test func mergingLeavesWhatIsThereAsItIs() async throws {
    let sent = try await fill(20)
    let copy = try bytes(of: fixture.database)
    try write(copy, to: fixture.path + "/old.db")
    let store = try fixture.open()
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 4, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    try await store.record(
      mails.flatMap(\.parcels).map { ParcelResult($0.id, .delivered, message: "250 ok") }, by: StoreFixture.me,
      at: StoreFixture.noon)
    await store.close()
    let rows = try fixture.query("SELECT id || mail_id || state FROM parcels ORDER BY id")
    let report = try #require(try MailStore.salvage(fixture.configuration(), from: fixture.path + "/old.db"))
    #expect(report.mails == 0)
    #expect(try fixture.query("SELECT id || mail_id || state FROM parcels ORDER BY id") == rows)
    #expect(sent.count > 4)
  }

  @Test func theStoreMustBeFree() async throws {
    let store = try fixture.open()
    #expect(throws: MailStore.OpenFailure.self) { try MailStore.salvage(fixture.configuration()) }
    await store.close()
    #expect(try MailStore.salvage(fixture.configuration()) == nil)
  }
}

/// Overwrites a page as a disk does it, behind the back of the store that has the file open. (Closing drops this process's locks on it,
/// which nobody else wants here.)
func damageInPlace(_ path: String, page: Int) throws {
  let size = Schema.pageSizes[0]
  let descriptor = open(path, O_WRONLY)
  defer { close(descriptor) }
  let written = noise(size, seed: page).withUnsafeReadableBytes {
    pwrite(descriptor, $0.baseAddress, $0.count, off_t((page - 1) * size))
  }
  try #require(written == size)
}

/// Numbers that look random and are the same each time.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
