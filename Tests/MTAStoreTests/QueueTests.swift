import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAStore

@Suite struct QueueTests {
  let fixture = StoreFixture()
  let noon = StoreFixture.noon
  let me = StoreFixture.me
  var deadline: Timestamp { noon + .seconds(60) }

  private func recipients(_ names: [String]) throws -> [EnvelopeRecipient] {
    try names.map { EnvelopeRecipient(try #require(Mailbox($0))) }
  }

  @Test func aClaimGivesTheMailWithAllItNeeds() async throws {
    let store = try fixture.open()
    let client = ClientRecord(mailboxID: "m1", ownerID: nil, delivery: .local)
    let bare = ClientRecord(delivery: .remote)
    let recipients = [
      EnvelopeRecipient(Mailbox("b@remote.example")),
      EnvelopeRecipient(#""c d"@here.example"#, client: client),
      EnvelopeRecipient(Mailbox("e@here.example"), client: bare),
    ]
    let id = try await fixture.commit(to: store, recipients: recipients)
    let mails = try await store.claim(by: me, limit: 1, now: noon, deadline: deadline)
    let mail = try #require(mails.first)
    #expect(mails.count == 1)
    #expect(try mail.envelope == fixture.envelope(id, to: recipients))
    #expect(mail.parcels.map(\.recipient) == recipients)
    #expect(
      mail.parcels.allSatisfy { $0.attempts == 0 && $0.createdAt == noon && $0.expiresAt == noon + .seconds(432_000) })
    #expect(try fixture.query("SELECT DISTINCT state || ' ' || lease_owner FROM parcels") == ["working boot-1/100/7/0"])
    #expect(try await store.claim(by: StoreFixture.other, limit: 10, now: noon, deadline: deadline) == [])
    await store.close()
  }

  @Test func theOldestComeFirstAndMailsAreNotTorn() async throws {
    let store = try fixture.open()
    let late = try await fixture.commit(to: store, at: noon + .seconds(2))
    let early = try await fixture.commit(
      to: store, recipients: recipients(["1@a.example", "2@b.example", "3@c.example"]), at: noon)
    let future = try await fixture.commit(to: store, at: noon + .seconds(100))
    let now = noon + .seconds(3)
    let first = try await store.claim(by: me, limit: 2, now: now, deadline: deadline)
    #expect(first.map(\.envelope.id) == [early])
    #expect(first.first?.parcels.count == 3)
    #expect(try await store.claim(by: me, limit: 2, now: now, deadline: deadline).map(\.envelope.id) == [late])
    #expect(try await store.nextDue() == noon + .seconds(100))
    #expect(
      try await store.claim(by: me, limit: 2, now: noon + .seconds(100), deadline: deadline).map(\.envelope.id) == [
        future
      ])
    #expect(try await store.nextDue() == nil)
    await store.close()
  }

  @Test func outcomesAreRecordedAndTheContentGoesWithTheLast() async throws {
    let store = try fixture.open { $0.contentInDatabase = 10 }
    let id = try await fixture.commit(
      to: store, recipients: recipients(["1@a.example", "2@b.example", "3@c.example"]))
    let parcels = try #require(try await store.claim(by: me, limit: 9, now: noon, deadline: deadline).first).parcels
    let later = noon + .seconds(300)
    try await store.record(
      [
        ParcelResult(
          parcels[0].id, .delivered, message: "250 ok", host: "mx.a.example [192.0.2.1]", encryption: "TLSv1.3"),
        ParcelResult(parcels[1].id, .failed, message: "550 no"),
        ParcelResult(parcels[2].id, .deferred, message: "451 later", retryAt: later),
      ], by: me, at: noon)
    #expect(
      try fixture.query("SELECT state || ' ' || delivery_msg || ' ' || attempts FROM parcels ORDER BY id") == [
        "delivered 250 ok 1", "failed 550 no 1", "waiting 451 later 1",
      ])
    #expect(
      try fixture.query("SELECT last_host || ' ' || last_tls FROM parcels LIMIT 1") == [
        "mx.a.example [192.0.2.1] TLSv1.3"
      ])
    #expect(try fixture.query("SELECT delivery_at FROM parcels ORDER BY id") == [noon.description, "NULL", "NULL"])
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE lease_owner IS NOT NULL") == ["0"])
    #expect(try await store.nextDue() == later)
    #expect(fixture.contentFiles == ["\(id).content"])

    #expect(try await store.claim(by: me, limit: 9, now: noon, deadline: deadline) == [])
    let again = try #require(try await store.claim(by: me, limit: 9, now: later, deadline: deadline).first)
    #expect(again.parcels.map(\.attempts) == [1])
    #expect(again.envelope.recipients.count == 3)
    try await store.record([ParcelResult(parcels[2].id, .delivered, message: "250 ok")], by: me, at: later)
    #expect(try fixture.query("SELECT settled_at FROM messages") == [later.description])
    #expect(try fixture.query("SELECT content_file FROM messages") == ["NULL"])
    await store.close()
    #expect(fixture.contentFiles == [])
  }

  @Test func aLostLeaseRecordsDeliveriesOnly() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store, recipients: recipients(["1@a.example", "2@b.example", "3@c.example"]))
    let parcels = try #require(try await store.claim(by: me, limit: 9, now: noon, deadline: deadline).first).parcels
    #expect(try await store.releaseLeases { $0 != StoreFixture.me } == 3)
    let taken = try await store.claim(by: StoreFixture.other, limit: 9, now: noon, deadline: deadline)
    #expect(taken.first?.parcels.map(\.id) == parcels.map(\.id))
    try await store.record(
      [
        ParcelResult(parcels[0].id, .delivered, message: "250 ok"),
        ParcelResult(parcels[1].id, .failed, message: "550 no"),
        ParcelResult(parcels[2].id, .deferred, message: "451 later", retryAt: noon),
      ], by: me, at: noon)
    #expect(try fixture.query("SELECT state FROM parcels ORDER BY id") == ["delivered", "working", "working"])
    // The new owner's word on the delivered one comes too late, unless it delivered too.
    try await store.record([ParcelResult(parcels[0].id, .failed, message: "550 no")], by: StoreFixture.other, at: noon)
    #expect(try fixture.query("SELECT state FROM parcels ORDER BY id") == ["delivered", "working", "working"])
    await store.close()
  }

  @Test func onlyDeadOwnersLoseTheirLeases() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    _ = try await store.claim(by: me, limit: 1, now: noon, deadline: deadline)
    try await fixture.commit(to: store)
    _ = try await store.claim(by: StoreFixture.other, limit: 1, now: noon, deadline: deadline)
    let asked = NIOLockedValueBox<[LeaseOwner]>([])
    let released = try await store.releaseLeases { owner in
      asked.withLockedValue { $0.append(owner) }
      return owner == StoreFixture.me
    }
    #expect(released == 1)
    #expect(Set(asked.withLockedValue { $0 }) == [me, StoreFixture.other])
    #expect(try await store.nextDue() == noon)
    #expect(try await store.claim(by: me, limit: 9, now: noon, deadline: deadline).count == 1)
    await store.close()
  }

  @Test func leasesOfOtherMachinesLapseAndRenewalPutsThatOff() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    let parcels = try #require(
      try await store.claim(by: StoreFixture.elsewhere, limit: 1, now: noon, deadline: deadline).first
    ).parcels.map(\.id)
    #expect(try await store.claim(by: me, limit: 1, now: noon + .seconds(59), deadline: deadline) == [])
    try await store.renew(parcels, by: StoreFixture.elsewhere, deadline: deadline + .seconds(60))
    try await store.renew(parcels, by: me, deadline: noon)
    #expect(try await store.claim(by: me, limit: 1, now: deadline, deadline: deadline) == [])
    let end = deadline + .seconds(60)
    #expect(try await store.claim(by: me, limit: 1, now: end, deadline: end).count == 1)
    // This machine's leases do not lapse.
    #expect(try await store.claim(by: StoreFixture.other, limit: 1, now: end + .seconds(1), deadline: end) == [])
    await store.close()
  }

  @Test func arrivalsAreToldOnceTheyAreDurableAndOnlyIfDue() async throws {
    let store = try fixture.open()
    let count = NIOLockedValueBox(0)
    store.listen(ArrivalListener(owner: StoreFixture.me) { count.withLockedValue { $0 += 1 } })
    try await fixture.commit(
      to: store,
      recipients: [EnvelopeRecipient(Mailbox("d@here.example"), client: ClientRecord(delivery: .none))])
    #expect(count.withLockedValue { $0 } == 0)
    try await fixture.commit(to: store)
    // The closing waits for the writer, and so for the call that follows the receipt.
    await store.close()
    #expect(count.withLockedValue { $0 } == 1)
  }

  @Test func twoStoresOnOneFileShareTheQueue() async throws {
    let server = try fixture.open()
    let spool = try await server.begin(fixture.id())
    for seed in 0..<10 { try await spool.append(noise(60_000, seed: seed)) }
    let runner = try fixture.open()
    #expect(fixture.contentFiles.count == 1, "a second process must not tidy away what still arrives")
    await spool.abandon()
    let id = try await fixture.commit(to: server)
    #expect(
      try await runner.claim(by: StoreFixture.other, limit: 1, now: noon, deadline: deadline).first?.envelope.id == id)
    #expect(try await server.claim(by: me, limit: 1, now: noon, deadline: deadline) == [])
    await runner.close()
    await server.close()
  }

  @Test func mailWithoutContentIsHeldAndReported() async throws {
    let store = try fixture.open { $0.contentInDatabase = 10 }
    let lost = try await fixture.commit(to: store)
    try DurableFiles().unlink(fixture.queue + "/\(lost).content", at: "test")
    await #expect(throws: StoreFailure.self) { _ = try await store.content(of: lost) }
    #expect(try await store.claim(by: me, limit: 9, now: noon, deadline: deadline) == [])
    #expect(
      try fixture.query("SELECT hold || delivery_msg FROM parcels") == [
        "1held: its content file \(lost).content is missing"
      ])

    let emptied = try await fixture.commit(to: store)
    _ = try fixture.query("UPDATE messages SET content_file = NULL WHERE id = '\(emptied)'")
    let spoilt = try await fixture.commit(to: store)
    _ = try fixture.query("UPDATE messages SET envelope = '{' WHERE id = '\(spoilt)'")
    #expect(try await store.claim(by: me, limit: 9, now: noon, deadline: deadline) == [])
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE hold = 1 AND lease_owner IS NULL") == ["3"])
    #expect(fixture.notices.withLockedValue { $0 }.count { $0.isTrouble } == 3)
    #expect(try await store.nextDue() == nil)
    await store.close()
  }

  @Test func historyIsKeptForItsTimeAndThenRemoved() async throws {
    let store = try fixture.open { $0.clock = ManualClock(StoreFixture.noon + .seconds(604_801)) }
    for offset in [Int64(0), 10] {
      try await fixture.commit(to: store, at: noon + .seconds(offset))
      let now = noon + .seconds(offset)
      let mail = try #require(try await store.claim(by: me, limit: 1, now: now, deadline: deadline).first)
      try await store.record(mail.parcels.map { ParcelResult($0.id, .delivered, message: "ok") }, by: me, at: now)
    }
    let cutoff = noon + .seconds(1)
    let removed = try await store.core.write { (database) throws(SQLiteFailure) in
      try database.removeHistory(before: cutoff, limit: 10).count
    }
    #expect(removed == 1)
    #expect(try fixture.query("SELECT settled_at FROM messages") == [(noon + .seconds(10)).description])
    #expect(try fixture.query("SELECT count(*) FROM parcels") == ["1"])
    await store.close()
  }
}
