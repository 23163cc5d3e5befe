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
    store.listen(ArrivalListener(owner: StoreFixture.me) { arrivals.withLockedValue { $0 += 1 } })
    let id = fixture.id()
    let record = ClientRecord(mailboxID: "m", delivery: .none)
    let recipients = [
      EnvelopeRecipient(Mailbox("b@remote.example")),
      EnvelopeRecipient(Mailbox("c@here.example"), client: record),
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

    #expect(try await store.change(.release, of: id) == 1)
    #expect(try await store.change(.release, of: id) == 0)
    #expect(try await store.change(.release, of: #require(MailID("none"))) == nil)
    #expect(arrivals.withLockedValue { $0 } == 1)
    let now = try #require(try await store.nextDue())
    let mail = try #require(
      try await store.claim(by: StoreFixture.me, limit: 9, now: now, deadline: now + .seconds(60)).first)
    // The envelope tells for good that it was held, and why.
    #expect(mail.envelope == envelope)
    #expect(mail.parcels.map(\.expiresAt) == [now + .seconds(432_000)])
    await store.close()
  }

  @Test func anOperatorSetsMailAside() async throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let ids = [try await fixture.commit(to: store), try await fixture.commit(to: store)]
    let late = StoreFixture.noon + .seconds(3600)
    let first = try #require(
      try await store.claim(by: StoreFixture.me, limit: 1, now: late, deadline: late + .seconds(60)).first)
    #expect(try await store.change(.hold(reason: "x"), of: #require(MailID("none"))) == nil)
    // Also what is being delivered: a deferral leaves it held, and a success counts.
    #expect(try await store.change(.hold(reason: "looks\r\nodd"), of: first.envelope.id) == 1)
    #expect(
      try fixture.query("SELECT delivery_msg FROM parcels WHERE hold = 1") == [#"held: looks\u{d}\u{a}odd"#])
    let parcel = first.parcels[0].id
    try await store.record(
      [ParcelResult(parcel, .deferred, message: "451 later", retryAt: late)], reports: [], by: StoreFixture.me, at: late
    )
    #expect(
      try fixture.query("SELECT state || ' ' || attempts || ' ' || delivery_msg FROM parcels WHERE hold = 1")
        == [#"waiting 1 held: looks\u{d}\u{a}odd"#])
    let rest = try await store.claim(by: StoreFixture.me, limit: 9, now: late, deadline: late)
    #expect(rest.map(\.envelope.id) == ids.filter { $0 != first.envelope.id })
    try await store.record(
      [ParcelResult(parcel, .delivered, message: "250 ok")], reports: [], by: StoreFixture.me, at: late)
    #expect(try await store.change(.hold(reason: "x"), of: first.envelope.id) == 0)
    await store.close()
  }

  @Test func whatIsNotDoneIsListed() async throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let record = ClientRecord(mailboxID: "m", delivery: .none)
    var ids: [String] = []
    for name in ["a", "b", "c", "d"] {
      let recipients = [
        EnvelopeRecipient(try #require(Mailbox("\(name)@remote.example"))),
        EnvelopeRecipient(try #require(Mailbox("\(name)@here.example")), client: record),
      ]
      ids.append(try await fixture.commit(to: store, recipients: recipients).description)
    }
    try await store.change(.hold(reason: "odd"), of: #require(MailID(ids[1])))
    let claimed = try await store.claim(
      by: StoreFixture.me, limit: 1, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    let working = try #require(claimed.first?.envelope.id.description)

    let all = try await store.list()
    #expect(all.map(\.mail) == ids)
    #expect(all.map(\.recipient) == ["a", "b", "c", "d"].map { "\($0)@remote.example" })
    #expect(all.allSatisfy { $0.sender == "a@client.example" && $0.attempts == 0 })
    #expect(all.filter(\.isHeld).map(\.mail) == [ids[1]])
    #expect(all[1].message == "held: odd" && all[1].nextTry == nil)
    #expect(all.filter { $0.state == .working }.map(\.mail) == [working])
    #expect(all.first { $0.mail != working && !$0.isHeld }?.nextTry == StoreFixture.noon)

    #expect(try await store.list(.held) == [all[1]])
    let page = try await store.list(limit: 3)
    #expect(page == Array(all.prefix(3)))
    #expect(try await store.list(after: page.last?.parcel, limit: 3) == [all[3]])
    #expect(try await store.list(after: all.last?.parcel).isEmpty)
    #expect(try await store.list(limit: 0).isEmpty)
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
      Mailbox("a@far.example"),
      notification: .init(notify: [.success, .delay], originalRecipient: "rfc822;a@b"))
    var envelope = try fixture.envelope(fixture.id(), to: [recipient])
    envelope.requests.envelopeID = "e1"
    envelope.requests.holdUntil = envelope.receivedAt + .seconds(3600)
    let spool = try await store.begin(envelope.id)
    _ = try await spool.commit(envelope, trace: ByteBuffer(string: "Received: x\r\n"))
    #expect(try fixture.query("SELECT notify || ' ' || orcpt FROM parcels") == ["SUCCESS,DELAY rfc822;a@b"])
    #expect(try await store.nextDue() == envelope.dueAt)
    let owner = LeaseOwner(place: "b", process: 1, mark: 1)
    let deadline = envelope.receivedAt + .seconds(9000)
    #expect(try await store.claim(by: owner, limit: 9, now: envelope.receivedAt, deadline: deadline).isEmpty)
    let claimed = try await store.claim(by: owner, limit: 9, now: envelope.dueAt, deadline: deadline)
    #expect(claimed.map(\.envelope) == [envelope])
    await store.close()
  }
}
