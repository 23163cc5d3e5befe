import MTACore
import MTASystem
import MTATestSupport
import NIOCore
import Testing

@testable import MTAStore

/// What was counted of users and clients, and what operators say about users and domains.
@Suite struct LimitTests {
  let fixture = StoreFixture()

  private func record(_ name: String, mails: Int, at seconds: Int = 0) throws -> LimitRecord {
    let began = StoreFixture.noon + .seconds(seconds)
    return LimitRecord(
      .user(try #require(LoginAccount(name))), hour: LimitWindow(began: began, mails: mails, recipients: 2 * mails),
      day: LimitWindow(began: began, mails: mails + 1, recipients: 3))
  }

  @Test func countsAreReadBackAtOnceAndAfterARestart() async throws {
    let store = try fixture.open()
    let first = try record("ann@example.org", mails: 3)
    #expect(try await store.limitRecord(first.key) == nil)
    store.save(first)
    #expect(try await store.limitRecord(first.key) == first)
    let second = try record("ann@example.org", mails: 4)
    store.save(second)
    await store.close()
    let again = try fixture.open()
    #expect(try await again.limitRecord(first.key) == second)
    #expect(try await again.listLimits(after: nil, limit: 10) == [second])
    #expect(try await again.listLimits(after: second.key.description, limit: 10) == [])
    await again.close()
  }

  @Test func countsRideTheNextCommit() async throws {
    let store = try fixture.open()
    store.save(try record("ann", mails: 1))
    store.save(try record("bob", mails: 1))
    try await fixture.commit(to: store)
    #expect(store.statistics.transactions == 1)
    #expect(try fixture.query("SELECT key FROM sending_counts ORDER BY 1") == ["user:ann", "user:bob"])
    await store.close()
  }

  @Test func oldCountsAreForgotten() async throws {
    let clock = ManualClock(StoreFixture.noon)
    let store = try fixture.open { $0.clock = clock }
    for number in 1...250 { store.save(try record("user\(number)", mails: 1)) }
    store.save(try record("ann", mails: 1, at: 3600))
    try await fixture.commit(to: store)
    clock.advance(by: .seconds(2 * 86_400 + 1))
    await withCheckedContinuation { continuation in store.core.writer.keepHouse { continuation.resume() } }
    #expect(try fixture.query("SELECT key FROM sending_counts") == ["user:ann"])
    await store.close()
  }

  @Test func ordersSurviveAndReplaceEachOther() async throws {
    let clock = ManualClock(StoreFixture.noon)
    let store = try fixture.open { $0.clock = clock }
    func order(_ kind: AccountOrder.Kind, _ name: String, _ reason: String, for seconds: Int? = nil) -> AccountOrder {
      AccountOrder(
        kind, name, reason: reason, until: seconds.map { clock.now + .seconds($0) }, createdAt: clock.now)
    }
    let domain = order(.suspendDomain, "example.com", "they asked")
    try await store.save(order(.suspendUser, "ann", "first"))
    try await store.save(order(.suspendUser, "ann", "second", for: 60))
    try await store.save(domain)
    #expect(try await store.accountOrders().map(\.reason) == ["second", "they asked"])
    await store.close()
    let again = try fixture.open { $0.clock = clock }
    #expect(try await again.accountOrders().map(\.reason) == ["second", "they asked"])
    clock.advance(by: .seconds(60))
    #expect(try await again.accountOrders() == [domain])
    #expect(try await again.removeOrder(.suspendDomain, "example.com"))
    #expect(try await !again.removeOrder(.suspendDomain, "example.com"))
    #expect(try await again.accountOrders() == [])
    await again.close()
  }

  @Test func aResetIsToldToRunningServers() async throws {
    let store = try fixture.open()
    let (ann, bob) = (try record("ann", mails: 1), try record("bob", mails: 1))
    store.save(ann)
    store.save(bob)
    try await fixture.commit(to: store)
    #expect(try await store.resetLimits(ann.key) == 1)
    #expect(try await store.limitRecord(ann.key) == nil)
    #expect(try await store.limitRecord(bob.key) == bob)
    #expect(try await store.accountOrders().map(\.name) == ["user:ann"])
    #expect(try await store.resetLimits(nil) == 1)
    #expect(try await store.accountOrders().map(\.name) == ["user:ann", "user:bob"])
    await store.close()
  }

  /// Only those that wait because of the suspension, and for exactly that domain.
  @Test func resumedMailIsDue() async throws {
    let clock = ManualClock(StoreFixture.noon)
    let store = try fixture.open { $0.clock = clock }
    let messages = [
      "x@a.example": "suspended: they asked", "y@a.example": "450 busy", "z@sub.a.example": "suspended: x",
    ]
    let recipients = messages.keys.sorted().compactMap { Mailbox($0) }.map { EnvelopeRecipient($0) }
    try await fixture.commit(to: store, recipients: recipients)
    let claimed = try await store.claim(
      by: StoreFixture.me, limit: 10, now: clock.now + .seconds(86_400), deadline: clock.now + .seconds(90_000))
    let later = clock.now + .seconds(3600)
    let results = claimed.flatMap(\.parcels).map { parcel in
      ParcelResult(
        parcel.id, .deferred, message: messages["\(parcel.recipient.mailbox)"] ?? "", retryAt: later)
    }
    try #require(results.count == 3)
    try await store.record(results, by: StoreFixture.me, at: clock.now)
    #expect(try await store.resumeDeliveries(to: Domain("A.example")) == 1)
    let due = try await store.list(QueueSelection()).filter { $0.nextTry == clock.now }
    #expect(due.map(\.recipient) == ["x@a.example"])
    #expect(try await store.resumeDeliveries(to: Domain("a.example")) == 0)
    await store.close()
  }
}
