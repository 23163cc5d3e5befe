import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAStore

/// Mails that our own work breaks off at.
struct SuspectTests {
  let fixture = StoreFixture()
  private let noon = StoreFixture.noon

  private func held(_ store: MailStore) async throws -> [String] {
    try await store.list(.held).map { "\($0.mail) \($0.message ?? "")" }
  }

  /// Leases all there is to a process, which ends by a trap at the first mail.
  private func trap(_ store: MailStore, at mail: MailID, process: LeaseOwner) async throws {
    _ = try await store.claim(by: process, limit: 10, now: noon, deadline: noon + .seconds(60))
    let record = try DurableFiles().openOrCreate(MailStore.trapRecord(in: fixture.queue), at: "test")
    try record.write(ByteBuffer(string: "half\n\(mail) 4 \(process)\n\(mail) 4"), at: "test")
    _ = try await store.releaseLeases { _ in false }
  }

  @Test func theSecondTimeTheMailIsHeldAndNoOther() async throws {
    let store = try fixture.open()
    let (bad, good) = (try await fixture.commit(to: store), try await fixture.commit(to: store))
    #expect(try await !store.suspect(bad, because: "it takes long", at: noon))
    #expect(try await held(store).isEmpty)
    #expect(try await store.suspect(bad, because: "it takes\u{1b}[2J long", at: noon))
    let line = try #require(await held(store).first)
    #expect(line.hasPrefix("\(bad) held: 2 attempts broke off within this program: it takes"), "\(line)")
    #expect(line.utf8.allSatisfy { $0 >= 32 }, "no control character is kept")
    let mails = try await store.claim(by: StoreFixture.me, limit: 10, now: noon, deadline: noon + .seconds(60))
    #expect(mails.map(\.envelope.id) == [good])
    await store.close()
  }

  @Test func aTrapIsCountedBeforeTheMailIsTriedAgain() async throws {
    let rings = NIOLockedValueBox(0)
    let store = try fixture.open { $0.suspectHeld = { rings.withLockedValue { $0 += 1 } } }
    let (bad, good) = (try await fixture.commit(to: store), try await fixture.commit(to: store))
    try await trap(store, at: bad, process: StoreFixture.me)
    #expect(try await held(store).isEmpty)
    try await trap(store, at: bad, process: StoreFixture.other)
    let entries = try await held(store)
    #expect(entries.count == 1 && entries.allSatisfy { $0.contains("\(bad)") && $0.contains("signal 4") })
    #expect(rings.withLockedValue(\.self) == 1)
    let mails = try await store.claim(by: StoreFixture.me, limit: 10, now: noon, deadline: noon + .seconds(60))
    #expect(mails.map(\.envelope.id) == [good])
    await store.close()
  }

  /// Whoever read it may have ended before the record was removed.
  @Test func oneTrapIsCountedOnceHoweverOftenItIsRead() async throws {
    let store = try fixture.open()
    let bad = try await fixture.commit(to: store)
    for _ in 0..<3 { try await trap(store, at: bad, process: StoreFixture.me) }
    #expect(try await held(store).isEmpty)
    await store.close()
  }

  @Test func aProcessThatIsKilledLeavesNoSuspect() async throws {
    let store = try fixture.open()
    let mail = try await fixture.commit(to: store)
    for _ in 0..<5 {
      _ = try await store.claim(by: StoreFixture.me, limit: 10, now: noon, deadline: noon + .seconds(60))
      #expect(try await store.releaseLeases { _ in false } == 1)
    }
    #expect(try await held(store).isEmpty)
    #expect(try fixture.query("SELECT count(*) FROM suspects") == ["0"])
    _ = mail
    await store.close()
  }

  @Test func somebodyIsToldOnceADay() async throws {
    let store = try fixture.open()
    let (one, two) = (try await fixture.commit(to: store), try await fixture.commit(to: store))
    for _ in 0..<2 { _ = try await store.suspect(one, because: "x", at: noon) }
    #expect(try await store.takeSuspectsToTell(at: noon) == [HeldSuspect(id: one, cause: "x")])
    for _ in 0..<2 { _ = try await store.suspect(two, because: "y", at: noon) }
    #expect(try await store.takeSuspectsToTell(at: noon + .seconds(86_000)).isEmpty)
    let next = try await store.takeSuspectsToTell(at: noon + .seconds(86_500))
    #expect(next == [HeldSuspect(id: two, cause: "y")])
    // It could not be told.
    try await store.untell(next)
    #expect(try await store.takeSuspectsToTell(at: noon + .seconds(86_600)) == next)
    await store.close()
  }

  @Test func aReleaseBeginsAnew() async throws {
    let store = try fixture.open()
    let mail = try await fixture.commit(to: store)
    for _ in 0..<2 { _ = try await store.suspect(mail, because: "x", at: noon) }
    try await store.change(.release, of: mail)
    #expect(try await !store.suspect(mail, because: "x", at: noon))
    #expect(try await held(store).isEmpty)
    await store.close()
  }

  @Test func aSalvageTakesNoSuspectForAMail() async throws {
    let store = try fixture.open()
    let mail = try await fixture.commit(to: store)
    _ = try await store.suspect(mail, because: "x", at: noon)
    await store.close()
    let page = try DurableFiles().openOrCreate(fixture.database, at: "test")
    try page.write(ByteBuffer(repeating: 0x55, count: 1000), at: "test")
    let again = try fixture.open()
    #expect(try await again.list().map(\.mail) == ["\(mail)"])
    await again.close()
  }
}
