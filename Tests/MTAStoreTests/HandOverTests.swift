import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAStore

/// Mails that go to a runner in the transaction that makes them durable.
@Suite struct HandOverTests {
  let fixture = StoreFixture()
  private let taken = NIOLockedValueBox<[ClaimedMail]>([])
  private let rings = NIOLockedValueBox(0)
  /// What the runner says that it can take, and how often it was asked.
  private let asked = NIOLockedValueBox(0)
  private static let deadline = StoreFixture.noon + .seconds(600)

  private func open(
    room: Int = 1000, leavingOut lanes: Set<String> = [], _ change: (inout MailStore.Configuration) -> Void = { _ in }
  ) throws -> MailStore {
    let store = try fixture.open(change)
    store.listen(
      ArrivalListener(
        owner: StoreFixture.me,
        notify: { [rings] in rings.withLockedValue { $0 += 1 } },
        intake: { [asked] in
          asked.withLockedValue { $0 += 1 }
          return room > 0 ? Intake(parcels: room, leavingOut: lanes, deadline: Self.deadline) : nil
        },
        take: { [taken] mail in taken.withLockedValue { $0.append(mail) } }))
    return store
  }

  private var mails: [ClaimedMail] { taken.withLockedValue { $0 } }

  @Test func aMailIsLeasedAndTakenBeforeItsReceipt() async throws {
    let store = try open()
    let id = try await fixture.commit(to: store)
    #expect(mails.map(\.envelope.id) == [id])
    #expect(rings.withLockedValue { $0 } == 0)
    #expect(
      try fixture.query("SELECT state || ' ' || lease_owner || ' ' || lease_until || ' ' || leases FROM parcels")
        == ["working \(StoreFixture.me) \(Self.deadline) 1"])
    let other = StoreFixture.noon + .seconds(1)
    #expect(try await store.claim(by: StoreFixture.me, limit: 10, now: other, deadline: Self.deadline) == [])
    // It is as if it had been claimed.
    let parcel = try #require(mails.first?.parcels.first)
    #expect(!parcel.wasLeased)
    try await store.record([ParcelResult(parcel.id, .delivered, message: "said")], by: StoreFixture.me, at: other)
    #expect(try fixture.query("SELECT state || (settled_at IS NOT NULL) FROM parcels, messages") == ["delivered1"])
    await store.close()
  }

  @Test func whatIsTakenIsWhatAClaimWouldGive() async throws {
    let store = try open()
    let local = EnvelopeRecipient(
      Mailbox("c@here.example"), client: ClientRecord(mailboxID: "c", ownerID: "o"))
    let remote = EnvelopeRecipient(Mailbox("d@remote.example"))
    let silent = EnvelopeRecipient(Mailbox("e@here.example"), client: ClientRecord(delivery: .none))
    try await fixture.commit(to: store, recipients: [local, silent, remote])
    #expect(mails.first?.parcels.map(\.recipient) == [local, remote])
    #expect(try fixture.query("SELECT state FROM parcels ORDER BY id") == ["working", "recorded", "working"])
    #expect(try await store.releaseLeases { _ in false } == 2)
    var claimed = try await store.claim(
      by: StoreFixture.me, limit: 10, now: StoreFixture.noon, deadline: Self.deadline)
    for index in claimed[0].parcels.indices {
      #expect(claimed[0].parcels[index].wasLeased)
      claimed[0].parcels[index].wasLeased = false
    }
    #expect(claimed == mails)
    await store.close()
  }

  @Test func whatIsNotWantedWaits() async throws {
    let store = try open(room: 0)
    try await fixture.commit(to: store)
    #expect(mails == [])
    #expect(try fixture.query("SELECT state FROM parcels WHERE lease_owner IS NULL") == ["waiting"])
    // The bell rings after the receipt.
    await store.close()
    #expect(rings.withLockedValue { $0 } == 1)
  }

  @Test func whatIsNotDueIsNotHandedOver() async throws {
    let store = try open()
    var (later, held) = (try fixture.envelope(fixture.id()), try fixture.envelope(fixture.id()))
    later.requests.holdUntil = StoreFixture.noon + .seconds(3600)
    held.hold = "a hook said so"
    for envelope in [later, held] {
      let spool = try await store.begin(envelope.id)
      try await spool.append(noise(100, seed: 1))
      _ = try await spool.commit(envelope, trace: ByteBuffer())
    }
    #expect(mails == [])
    #expect(try fixture.query("SELECT DISTINCT state FROM parcels") == ["waiting"])
    await store.close()
  }

  /// Failed, or of unknown outcome: nobody gets what the client was not promised.
  @Test(arguments: ["mail.insert", "parcel.insert", "store.commit", "store.committed"] as [FaultPoint])
  func whatFailsIsNotHandedOver(_ point: FaultPoint) async throws {
    let store = try open()
    fixture.faults.inject(.fails(5), at: point)
    await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store) }
    #expect(mails == [])
    let id = try await fixture.commit(to: store)
    #expect(mails.map(\.envelope.id) == [id])
    #expect(try fixture.query("SELECT mail_id FROM parcels") == ["\(id)"])
    await store.close()
  }

  /// A mail that fails by its own fault takes nobody along, and is asked about again with the others.
  @Test func oneMailsFaultIsItsOwn() async throws {
    let store = try open()
    let id = try await fixture.commit(to: store)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask { [fixture] in
          guard number == 7 else {
            _ = try? await fixture.commit(to: store)
            return
          }
          // An id that exists already.
          guard let spool = try? await store.begin(id), let envelope = try? fixture.envelope(id) else { return }
          _ = try? await spool.commit(envelope, trace: ByteBuffer())
        }
      }
    }
    #expect(mails.count == 20)
    #expect(Set(mails.map(\.envelope.id)).count == 20)
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE state = 'working'") == ["20"])
    await store.close()
  }

  /// What was handed over before the question is known to whoever is asked.
  @Test func leasesThatAreKnownAreKept() async throws {
    let store = try open()
    for _ in 0..<3 { try await fixture.commit(to: store) }
    let released = try await store.releaseLeases(of: StoreFixture.me) { [taken] in
      taken.withLockedValue { $0.dropFirst().flatMap { $0.parcels.map(\.id) } }
    }
    #expect(released == 1)
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE state = 'working'") == ["2"])
    await store.close()
  }

  /// Of two runners in a process the first that wants a mail gets it; the end of one is not the other's.
  @Test func severalRunnersListen() async throws {
    let store = try open()
    let others = NIOLockedValueBox(0)
    let ringsOfOther = NIOLockedValueBox(0)
    store.listen(
      ArrivalListener(
        owner: StoreFixture.other, notify: { ringsOfOther.withLockedValue { $0 += 1 } },
        intake: { Intake(parcels: 9, leavingOut: ["c.example"], deadline: Self.deadline) },
        take: { _ in others.withLockedValue { $0 += 1 } }))
    try await fixture.commit(to: store)
    #expect(mails.count == 1)
    store.endListening(StoreFixture.me)
    try await fixture.commit(to: store)
    #expect(mails.count == 1)
    #expect(others.withLockedValue { $0 } == 1)
    #expect(ringsOfOther.withLockedValue { $0 } == 0)
    let two = try ["b", "c"].map { EnvelopeRecipient(try #require(Mailbox("x@\($0).example"))) }
    try await fixture.commit(to: store, recipients: two)
    #expect(others.withLockedValue { $0 } == 1)
    // It is told after the receipt.
    await store.close()
    #expect(ringsOfOther.withLockedValue { $0 } == 1)
    #expect(rings.withLockedValue { $0 } == 0)
  }

  /// All mails of a group are counted, though none has arrived yet; the next group asks anew.
  @Test func noMoreIsHandedOverThanThereIsRoomFor() async throws {
    let store = try open(room: 5)
    // What is written meanwhile comes into one group.
    let busy = Task {
      try await store.core.write { (database) throws(SQLiteFailure) in
        for _ in 0..<200_000 { _ = try database.first("SELECT 1", at: "test") { _ in 0 } }
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<40 { group.addTask { [fixture] in try await fixture.commit(to: store) } }
      try await group.waitForAll()
    }
    _ = try await busy.value
    let groups = asked.withLockedValue { $0 }
    #expect(mails.count <= 5 * groups && mails.count >= min(40, 5))
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE state = 'working'") == ["\(mails.count)"])
    // One that is larger than the room comes whole.
    let before = mails.count
    let many = try (0..<20).map { EnvelopeRecipient(try #require(Mailbox("x\($0)@a.example"))) }
    try await fixture.commit(to: store, recipients: many)
    #expect(mails.count == before + 1 && mails.last?.parcels.count == 20)
    await store.close()
  }

  /// A mail with one parcel in a lane that is left out waits as a whole.
  @Test func lanesAreLeftOut() async throws {
    let store = try open(leavingOut: ["full.example", "local:"])
    func recipient(_ address: String, local: Bool = false) throws -> EnvelopeRecipient {
      EnvelopeRecipient(try #require(Mailbox(address)), client: local ? ClientRecord(mailboxID: "x") : nil)
    }
    for recipients in [
      [try recipient("x@full.example")], [try recipient("x@here.example", local: true)],
      [try recipient("y@a.example"), try recipient("y@full.example")],
    ] { try await fixture.commit(to: store, recipients: recipients) }
    #expect(mails.isEmpty)
    try await fixture.commit(to: store, recipients: [recipient("z@a.example")])
    #expect(mails.count == 1)
    // A copy that is not to be delivered has no say.
    let none = EnvelopeRecipient(Mailbox("n@here.example"), client: ClientRecord(delivery: .none))
    try await fixture.commit(to: store, recipients: [none, recipient("w@a.example")])
    #expect(mails.count == 2)
    await store.close()
    #expect(rings.withLockedValue { $0 } == 3)
  }

  /// What is no mail asks nobody.
  @Test func runnersAreAskedForMailAlone() async throws {
    let store = try open()
    _ = try await store.claim(by: StoreFixture.me, limit: 1, now: StoreFixture.noon, deadline: Self.deadline)
    try await store.renew([ParcelID(1)], by: StoreFixture.me, deadline: Self.deadline)
    #expect(asked.withLockedValue { $0 } == 0)
    try await fixture.commit(to: store)
    #expect(asked.withLockedValue { $0 } == 1)
    await store.close()
  }

  @Test func withoutAListenerMailWaits() async throws {
    let store = try open()
    store.endListening(StoreFixture.me)
    try await fixture.commit(to: store)
    #expect(mails == [])
    #expect(try fixture.query("SELECT state FROM parcels") == ["waiting"])
    await store.close()
  }
}
