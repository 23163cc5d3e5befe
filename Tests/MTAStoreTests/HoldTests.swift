import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAStore

@Suite struct HoldTests {
  @Test func heldMailIsNotClaimedBeforeItsRelease() async throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let arrivals = NIOLockedValueBox(0)
    store.onArrival { arrivals.withLockedValue { $0 += 1 } }
    let id = fixture.id()
    let record = ClientRecord(mailboxID: "m", delivery: .none)
    let recipients = [
      EnvelopeRecipient(try #require(Mailbox("b@remote.example"))),
      EnvelopeRecipient(try #require(Mailbox("c@here.example")), client: record),
    ]
    var envelope = try fixture.envelope(id, to: recipients)
    envelope.hold = "suspicious"
    let spool = try await store.begin(id)
    try await spool.append(ByteBuffer(string: "Subject: x\r\n\r\n"))
    _ = try await spool.commit(envelope, trace: ByteBuffer())
    #expect(arrivals.withLockedValue { $0 } == 0)
    #expect(
      try fixture.query("SELECT state || hold || coalesce(delivery_msg, '') FROM parcels ORDER BY id") == [
        "waiting1held: suspicious", "recorded0",
      ])
    let late = StoreFixture.noon + .seconds(3600)
    #expect(try await store.claim(by: StoreFixture.me, limit: 9, now: late, deadline: late).isEmpty)
    #expect(try await store.nextDue() == nil)

    #expect(try await store.release(id) == 1)
    #expect(try await store.release(id) == 0)
    #expect(arrivals.withLockedValue { $0 } == 1)
    let now = try #require(try await store.nextDue())
    let mail = try #require(
      try await store.claim(by: StoreFixture.me, limit: 9, now: now, deadline: now + .seconds(60)).first)
    // The envelope tells for good that it was held, and why.
    #expect(mail.envelope == envelope)
    #expect(mail.parcels.map(\.expiresAt) == [now + .seconds(432_000)])
    await store.close()
  }
}

/// What senders ask of delivery is kept with the parcels.
@Suite struct RequestTests {
  let fixture = StoreFixture()

  @Test func requestsAreKeptAndFutureReleaseIsHeeded() async throws {
    let store = try fixture.open()
    #expect(store.capabilities == .all)
    let recipient = EnvelopeRecipient(
      try #require(Mailbox("a@far.example")),
      notification: .init(notify: [.success, .delay], originalRecipient: "rfc822;a@b"))
    var envelope = try fixture.envelope(fixture.id(), to: [recipient])
    envelope.requests.envelopeID = "e1"
    envelope.requests.holdUntil = envelope.receivedAt + .seconds(3600)
    let spool = try await store.begin(envelope.id)
    _ = try await spool.commit(envelope, trace: ByteBuffer(string: "Received: x\r\n"))
    #expect(try fixture.query("SELECT notify || ' ' || orcpt FROM parcels") == ["SUCCESS,DELAY rfc822;a@b"])
    #expect(try await store.nextDue() == envelope.dueAt)
    let owner = LeaseOwner(boot: "b", process: 1, started: 1)
    let deadline = envelope.receivedAt + .seconds(9000)
    #expect(try await store.claim(by: owner, limit: 9, now: envelope.receivedAt, deadline: deadline).isEmpty)
    let claimed = try await store.claim(by: owner, limit: 9, now: envelope.dueAt, deadline: deadline)
    #expect(claimed.map(\.envelope) == [envelope])
    await store.close()
  }
}
