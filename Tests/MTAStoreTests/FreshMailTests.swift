import MTACore
import MTASystem
import NIOCore
import Testing

@testable import MTAStore

/// Mails that a runner takes soon after they came are not read back, and what it gets is what the disk would have given.
@Suite struct FreshMailTests {
  let fixture = StoreFixture()

  private func open(keeping bytes: Int) throws -> MailStore {
    let store = try fixture.open {
      $0.freshMails = bytes
      $0.contentInDatabase = 5000
    }
    // A runner that has enough, and claims.
    store.listen(ArrivalListener(owner: StoreFixture.me) {})
    return store
  }

  private func claim(_ store: MailStore) async throws -> [ClaimedMail] {
    try await store.claim(
      by: StoreFixture.me, limit: 10, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
  }

  private var reads: Int { fixture.faults.calls.count { $0 == "content.find" } }

  @Test func theFirstReadCostsNoStepAndTheNextReadsFromTheDisk() async throws {
    let store = try open(keeping: 1_000_000)
    let id = try await fixture.commit(to: store, [noise(3000, seed: 1)])
    #expect(try await store.content(of: id).collected() == noise(3000, seed: 1))
    #expect(reads == 0)
    #expect(try await store.content(of: id).collected() == noise(3000, seed: 1))
    #expect(reads == 1)
    await store.close()
  }

  @Test func contentInAFileIsReadFromIt() async throws {
    let store = try open(keeping: 1_000_000)
    let id = try await fixture.commit(to: store, [noise(9000, seed: 1)])
    #expect(try await store.content(of: id).collected() == noise(9000, seed: 1))
    #expect(reads == 1)
    await store.close()
  }

  @Test func theOldestGiveWay() async throws {
    let store = try open(keeping: 20_000)
    var ids: [MailID] = []
    for seed in 0..<10 { ids.append(try await fixture.commit(to: store, [noise(4000, seed: seed)])) }
    for (seed, id) in ids.enumerated() {
      #expect(try await store.content(of: id).collected() == noise(4000, seed: seed))
    }
    #expect(reads >= 6 && reads < 10)
    await store.close()
  }

  @Test func withoutARunnerNothingIsKept() async throws {
    let store = try open(keeping: 1_000_000)
    store.endListening(StoreFixture.me)
    let id = try await fixture.commit(to: store, [noise(3000, seed: 1)])
    #expect(try await store.content(of: id).collected() == noise(3000, seed: 1))
    #expect(reads == 1)
    await store.close()
  }

  @Test func whatWasNotCommittedIsNotKept() async throws {
    let store = try open(keeping: 1_000_000)
    let id = fixture.id()
    fixture.faults.inject(.fails(5), at: "store.commit")
    let spool = try await store.begin(id)
    try await spool.append(noise(100, seed: 1))
    await #expect(throws: StoreFailure.self) { try await spool.commit(fixture.envelope(id), trace: ByteBuffer()) }
    await #expect(throws: StoreFailure.self) { _ = try await store.content(of: id) }
    await store.close()
  }

  @Test func aClaimGivesTheSameAsFromTheDisk() async throws {
    var store = try open(keeping: 1_000_000)
    try await fixture.commit(to: store, [noise(100, seed: 1)])
    let fresh = try await claim(store)
    #expect(try await store.releaseLeases { _ in false } == 1)
    await store.close()
    store = try open(keeping: 0)
    var stored = try await claim(store)
    // But for what the lease before left.
    stored[0].parcels[0].wasLeased = false
    #expect(stored == fresh)
    await store.close()
  }
}
