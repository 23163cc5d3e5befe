import MTACore
import MTATestSupport
import NIOCore
import Testing

/// The store of the test kit keeps the same promises as the durable one.
struct VolatileStoreTests {
  let store = VolatileStore(lifetime: .seconds(1000))
  let noon = ManualClock().now
  let me = LeaseOwner(place: "boot-1", process: 100, mark: 7)
  let other = LeaseOwner(place: "boot-1", process: 101, mark: 8)
  let elsewhere = LeaseOwner(place: "boot-2", process: 100, mark: 7)

  private func envelope(_ id: String, to recipients: String...) throws -> Envelope {
    Envelope(
      id: try #require(MailID(id)), reversePath: .null,
      recipients: try recipients.map { EnvelopeRecipient(try #require(Mailbox($0))) }, receivedAt: noon)
  }

  private func claim(_ owner: LeaseOwner, limit: Int = 10, after seconds: Int = 0) async throws -> [ClaimedMail] {
    let now = noon + .seconds(seconds)
    return try await store.claim(by: owner, limit: limit, now: now, deadline: now + .seconds(100))
  }

  @Test func parcelsOfOneMailComeTogetherAndOnce() async throws {
    try store.add(try envelope("m1", to: "a@a.example", "b@b.example"), trace: "Received: x\r\n", content: "one")
    try store.add(try envelope("m2", to: "c@a.example"), content: "two")
    let first = try await claim(me, limit: 1)
    #expect(first.map(\.parcels.count) == [2])
    #expect(first[0].parcels.allSatisfy { $0.expiresAt == noon + .seconds(1000) })
    #expect(try await claim(other).map(\.envelope.id.description) == ["m2"])
    #expect(try await claim(elsewhere).isEmpty)
    let content = try await store.content(of: first[0].envelope.id)
    #expect(String(buffer: content.trace) == "Received: x\r\n")
    #expect(content.size == 3)
  }

  @Test func idsAreUnique() throws {
    try store.add(try envelope("m1", to: "a@a.example"), content: "one")
    #expect(throws: StoreFailure.self) { try store.add(try envelope("m1", to: "a@a.example"), content: "two") }
    #expect(store.mails.map(\.text) == ["one"])
  }

  @Test func outcomesMoveParcels() async throws {
    try store.add(try envelope("m1", to: "a@a.example", "b@b.example", "c@c.example"), content: "x")
    let ids = try await claim(me)[0].parcels.map(\.id)
    #expect(try await store.nextDue() == nil)
    let later = noon + .seconds(60)
    try await store.record(
      [
        ParcelResult(ids[0], .delivered, message: "250"), ParcelResult(ids[1], .failed, message: "550"),
        ParcelResult(ids[2], .deferred, message: "450", retryAt: later),
        ParcelResult(ParcelID(99), .delivered, message: "whose?"), ParcelResult(ParcelID(.min), .failed, message: ""),
      ], by: me, at: noon)
    #expect(store.parcels.map(\.state) == [.delivered, .failed, .waiting])
    #expect(store.parcels.map(\.parcel.attempts) == [1, 1, 1])
    #expect(try await store.nextDue() == later)
    #expect(try await claim(me, after: 59).isEmpty)
    #expect(try await claim(me, after: 60).map(\.parcels.count) == [1])
  }

  @Test func aLostLeaseRecordsDeliveriesAlone() async throws {
    try store.add(try envelope("m1", to: "a@a.example", "b@b.example"), content: "x")
    let ids = try await claim(me)[0].parcels.map(\.id)
    #expect(try await store.releaseLeases { $0 != me } == 2)
    #expect(try await claim(other)[0].parcels.count == 2)
    try await store.record(
      [ParcelResult(ids[0], .delivered, message: ""), ParcelResult(ids[1], .failed, message: "")], by: me, at: noon)
    #expect(store.parcels.map(\.state) == [.delivered, .working])
    #expect(store.parcels[1].owner == other)
  }

  @Test func onlyLeasesOfOtherMachinesLapse() async throws {
    try store.add(try envelope("m1", to: "a@a.example"), content: "x")
    let id = try await claim(me)[0].parcels[0].id
    #expect(try await claim(other, after: 5000).isEmpty)
    try await store.renew([id], by: other, deadline: noon + .seconds(9000))
    try await store.renew([id], by: me, deadline: noon + .seconds(200))
    #expect(try await claim(elsewhere, after: 199).isEmpty)
    #expect(try await claim(elsewhere, after: 200).count == 1)
  }

  @Test func whatIsHeldIsNotDueBefore() async throws {
    let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    store.listen(ArrivalListener(owner: me) { arrival.yield() })
    var held = try envelope("m1", to: "a@a.example")
    held.requests.holdUntil = noon + .seconds(50)
    try store.add(held, content: "x")
    try store.add(try envelope("m2", to: "a@a.example"), content: "x")
    arrival.finish()
    #expect(await arrivals.reduce(0) { count, _ in count + 1 } == 1)
    #expect(try await claim(me).map(\.envelope.id.description) == ["m2"])
    #expect(try await store.nextDue() == noon + .seconds(50))
  }

  @Test(arguments: StoreConformance.checks)
  func keepsTheContract(_ check: StoreConformance.Check) async throws {
    try await check.run(on: StoreConformance.Subject(open: { VolatileStore() }))
  }

  @Test func stepsFailAsOftenAsTold() async throws {
    let id = try #require(MailID("m1"))
    store.fail(.commit, with: .noSpace, times: 1)
    let spool = try await store.begin(id)
    try await spool.append(ByteBuffer(string: "hello"))
    let envelope = try envelope("m1", to: "a@a.example")
    await #expect(throws: StoreFailure.noSpace) { try await spool.commit(envelope, trace: ByteBuffer()) }
    #expect(store.mails.isEmpty && store.openSpools == 1)
    let receipt = try await spool.commit(envelope, trace: ByteBuffer(string: "T: t\r\n"))
    #expect(receipt.id == id && store.openSpools == 0)
    #expect(store.mails.map(\.trace) == ["T: t\r\n"])

    store.fail(.claim, with: .closed)
    for _ in 0..<2 { await #expect(throws: StoreFailure.closed) { try await claim(me) } }
    store.fail(.claim, with: nil)
    #expect(try await claim(me).count == 1)
    #expect(try await store.content(of: id).size == 5)
  }
}
