import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

/// Content that changed on the disk is never given out whole.
@Suite(.takesTurns) struct ChecksumTests {
  let fixture = StoreFixture()
  private let damaged = NIOLockedValueBox<[MailID]>([])

  private func open() throws -> MailStore {
    try fixture.open {
      $0.contentInDatabase = 20_000
      $0.contentDamaged = { [damaged] id in damaged.withLockedValue { $0.append(id) } }
    }
  }

  /// Changes one bit of a content file.
  private func flip(_ bit: Int, of name: String) throws {
    let files = DurableFiles()
    let path = fixture.queue + "/" + name
    var bytes = try files.openForReading(path, at: "test").read(from: 0, upTo: 1 << 20, at: "test")
    let octet = try #require(bytes.getInteger(at: bit / 8, as: UInt8.self))
    bytes.setInteger(octet ^ 1 << UInt8(bit % 8), at: bit / 8)
    try files.unlink(path, at: "test")
    try files.create(path, at: "test").write(bytes, at: "test")
  }

  /// Changes one bit of a column of a mail's row.
  private func flip(_ bit: Int, in column: String, of id: MailID) throws {
    let text = try #require(try fixture.query("SELECT hex(\(column)) FROM messages WHERE id = '\(id)'").first)
    var digits = Array(text.utf8)
    let octet = try #require(UInt8(String(decoding: digits[bit / 8 * 2..<bit / 8 * 2 + 2], as: UTF8.self), radix: 16))
    let changed = String(UInt16(octet ^ 1 << UInt8(bit % 8)) + 256, radix: 16).suffix(2)
    digits.replaceSubrange(bit / 8 * 2..<bit / 8 * 2 + 2, with: Array(changed.utf8))
    _ = try fixture.query(
      "UPDATE messages SET \(column) = x'\(String(decoding: digits, as: UTF8.self))' WHERE id = '\(id)'")
  }

  private func messages() throws -> [String] {
    try fixture.query("SELECT hold || ' ' || coalesce(delivery_msg, '') FROM parcels ORDER BY id")
  }

  private static let heldAsDamaged =
    "1 held: content is damaged: it does not match the checksum that it got when it was accepted"

  /// CRC-32C of the mail as it lies there: another implementation can be asked.
  @Test func theChecksumIsThatOfContentAndTrace() async throws {
    let store = try open()
    let pieces = [noise(10, seed: 1), noise(5000, seed: 2), noise(1, seed: 3)]
    try await fixture.commit(to: store, pieces)
    var all = Checksum()
    for piece in pieces { all.add(piece) }
    all.add(ByteBuffer(string: "Received: y\r\n"))
    #expect(try fixture.query("SELECT checksum FROM messages") == ["\(all.value)"])
    var known = Checksum()
    known.add(ByteBuffer(string: "123456789"))
    // The check value of CRC-32C.
    #expect(known.value == 0xe306_9283)
    await store.close()
  }

  @Test func withAndWithoutTheInstructionTheSumsAreEqual() {
    let bytes = noise(20_000, seed: 5)
    for count in stride(from: 0, through: 20_000, by: 611) {
      bytes.withUnsafeReadableBytes { all in
        var (first, second, third) = (Checksum(), Checksum(), Checksum())
        first.add(UnsafeRawBufferPointer(rebasing: all[..<count]))
        second.addPlainly(UnsafeRawBufferPointer(rebasing: all[..<count]))
        third.add(UnsafeRawBufferPointer(rebasing: all[..<(count / 3)]))
        third.add(UnsafeRawBufferPointer(rebasing: all[(count / 3)..<count]))
        #expect(first == second && first == third, "\(count)")
      }
    }
  }

  /// Seeded: each time another place of content in the database, of a content file, and of the trace.
  @Test(arguments: 1...12) func aFlippedBitIsHeldAndNeverGivenWhole(seed: Int) async throws {
    let store = try open()
    var random = SeededNumbers(seed)
    let isLarge = seed % 2 == 0
    let isTrace = seed % 5 == 0
    let content = noise(isLarge ? 200_001 : 19_001, seed: seed)
    let id = try await fixture.commit(to: store, [content])
    let other = try await fixture.commit(to: store, [content])
    let bit = Int.random(in: 0..<(isTrace ? 13 : content.readableBytes) * 8, using: &random)
    if isTrace {
      try flip(bit, in: "trace", of: id)
    } else if isLarge {
      try flip(bit, of: "\(id).content")
    } else {
      try flip(bit, in: "content", of: id)
    }
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 9, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    #expect(mails.count == 2)
    var given = 0
    await #expect(throws: StoreFailure.self) {
      try await store.content(of: id).forEachPiece { given += $0.readableBytes }
    }
    #expect(given < content.readableBytes)
    if !isLarge { #expect(given == 0) }
    #expect(try await store.content(of: other).collected() == content)
    #expect(try messages() == [Self.heldAsDamaged, "0 "])
    // Told and counted once, however often it is read.
    await #expect(throws: StoreFailure.self) { try await store.content(of: id).forEachPiece { _ in } }
    #expect(damaged.withLockedValue { $0 } == [id])
    #expect(fixture.notices.withLockedValue { $0 }.count { $0.isTrouble && "\($0)".contains("is damaged") } == 1)
    // The runner records a deferral: it stays held, with that reason.
    try await store.record(
      mails.flatMap(\.parcels).map { ParcelResult($0.id, .deferred, message: "later") }, by: StoreFixture.me,
      at: StoreFixture.noon)
    #expect(try messages().first == Self.heldAsDamaged)
    await store.close()
  }

  @Test func aReleaseHoldsAgainAndAForcedOneDelivers() async throws {
    let store = try open()
    let content = noise(60_000, seed: 3)
    let id = try await fixture.commit(to: store, [content])
    try flip(8 * 59_999, of: "\(id).content")
    await #expect(throws: StoreFailure.self) { try await store.content(of: id).collected() }
    try await store.change(.release, QueueSelection(id))
    #expect(try messages() == ["0 "])
    await #expect(throws: StoreFailure.self) { try await store.content(of: id).collected() }
    #expect(try messages() == [Self.heldAsDamaged])
    try await store.change(.forceRelease, QueueSelection(id))
    #expect(try messages() == ["0 "])
    let given = try await store.content(of: id).collected()
    #expect(given.readableBytes == content.readableBytes && given != content)
    await store.close()
  }

  @Test func afterTheFileWasPutRightAReleaseIsEnough() async throws {
    let store = try open()
    let content = noise(60_000, seed: 3)
    let id = try await fixture.commit(to: store, [content])
    try flip(77, of: "\(id).content")
    await #expect(throws: StoreFailure.self) { try await store.content(of: id).collected() }
    try flip(77, of: "\(id).content")
    try await store.change(.release, QueueSelection(id))
    #expect(try await store.content(of: id).collected() == content)
    await store.close()
  }

  /// A row of a version before has no checksum, and a settled one needs none.
  @Test func anUnknownChecksumIsNoFault() async throws {
    let store = try open()
    let id = try await fixture.commit(to: store)
    _ = try fixture.query("UPDATE messages SET checksum = NULL")
    #expect(try await store.content(of: id).size == 21)
    await store.close()
  }

  @Test func verifyTellsWhatIsWrongAndChangesNothing() async throws {
    let store = try open()
    let content = noise(60_000, seed: 3)
    var ids: [MailID] = []
    for _ in 0..<4 { ids.append(try await fixture.commit(to: store, [content])) }
    for _ in 0..<3 { ids.append(try await fixture.commit(to: store, [noise(300, seed: 9)])) }
    let whole = try MailStore.verify(fixture.configuration(), contents: true)
    #expect(whole.isWhole && whole.mails == 7 && whole.files == 4 && whole.matching == 7 && whole.leftovers == [])
    #expect(whole.bytes == 4 * 60_000 + 3 * 300)
    try flip(100, of: "\(ids[0]).content")
    try DurableFiles().unlink(fixture.queue + "/\(ids[1]).content", at: "test")
    _ = try fixture.query("UPDATE messages SET size = size + 1 WHERE id = '\(ids[2])'")
    try flip(5, in: "content", of: ids[4])
    _ = try fixture.query("UPDATE messages SET checksum = NULL WHERE id = '\(ids[5])'")
    _ = try fixture.query("UPDATE messages SET envelope = 'x' WHERE id = '\(ids[6])'")
    _ = try DurableFiles().create(fixture.queue + "/1dYwrI-0iDWWN-0z.content", at: "test")
    let quick = try MailStore.verify(fixture.configuration(), contents: false)
    #expect(quick.problems.map(\.kind) == [.missing, .size, .envelope] && quick.bytes == 0)
    let full = try MailStore.verify(fixture.configuration(), contents: true)
    #expect(full.problems.map(\.kind) == [.checksum, .missing, .size, .checksum, .envelope])
    #expect(full.problems.map(\.mail) == [ids[0], ids[1], ids[2], ids[4], ids[6]].map(\.description))
    #expect(full.withoutChecksum == 1 && full.matching == 1)
    // The file is young beside the clock of the system, and old beside one that is ahead.
    #expect(full.arriving == 1 && full.leftovers == [])
    let later = try MailStore.verify(
      fixture.configuration { $0.clock = FixedClock(SystemClock().now + .seconds(3600)) }, contents: false)
    #expect(later.leftovers == ["1dYwrI-0iDWWN-0z.content"])
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE hold = 1") == ["0"])
    await store.close()
  }

  @Test func verifyOfADamagedDatabaseSaysSo() async throws {
    let store = try open()
    for seed in 0..<30 { try await fixture.commit(to: store, [noise(3000, seed: seed)]) }
    await store.close()
    try damageInPlace(fixture.database, page: 4)
    let report = try MailStore.verify(fixture.configuration(), contents: true)
    #expect(report.problems.contains { $0.kind == .database })
  }

  @Test func verifyMakesNoDatabase() throws {
    #expect(throws: MailStore.OpenFailure.self) { try MailStore.verify(fixture.configuration(), contents: true) }
    #expect(throws: (any Error).self) { try DurableFiles().status(fixture.database, at: "test") }
  }

  private struct FixedClock: WallClock {
    let now: Timestamp
    init(_ now: Timestamp) { self.now = now }
  }
}
