import MTACore
import Testing

@testable import MTAStore

/// What a runner learns of others at the same queue.
@Suite struct SharedQueueTests {
  private let fixture = StoreFixture()
  private let noon = StoreFixture.noon

  private func claim(_ store: MailStore, by owner: LeaseOwner, at now: Timestamp) async throws -> [Bool] {
    try await store.claim(by: owner, limit: 10, now: now, deadline: now + .seconds(60)).flatMap(\.parcels).map(
      \.wasLeased)
  }

  /// Whoever had it may have delivered it.
  @Test func whatWasLeasedBeforeIsMarked() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    #expect(try await claim(store, by: StoreFixture.other, at: noon) == [false])
    #expect(try await store.releaseLeases { _ in false } == 1)
    try await fixture.commit(to: store)
    #expect(try await claim(store, by: StoreFixture.me, at: noon).sorted { $0 && !$1 } == [true, false])
    await store.close()
  }

  @Test func aLeaseThatLapsedIsMarked() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    #expect(try await claim(store, by: StoreFixture.elsewhere, at: noon) == [false])
    #expect(try await claim(store, by: StoreFixture.me, at: noon + .seconds(61)) == [true])
    await store.close()
  }

  /// A hold leaves a delivery under way alone.
  @Test func whatWasHeldWhileItWasLeasedIsMarked() async throws {
    let store = try fixture.open()
    let id = try await fixture.commit(to: store)
    #expect(try await claim(store, by: StoreFixture.me, at: noon) == [false])
    #expect(try await store.change(.hold(reason: "x"), of: id) == 1)
    #expect(try await store.change(.release, of: id) == 0)
    #expect(try await store.releaseLeases { _ in false } == 1)
    #expect(try await claim(store, by: StoreFixture.me, at: .last) == [])
    #expect(try await store.change(.release, of: id) == 1)
    #expect(try await claim(store, by: StoreFixture.me, at: .last) == [true])
    await store.close()
  }

  @Test func whatAnotherProcessCommitsIsNoticed() async throws {
    let (store, other) = (try fixture.open(), try fixture.open())
    var seen = try #require(try await store.changeNumber())
    func hasChanged() async throws -> Bool {
      let number = try #require(try await store.changeNumber())
      defer { seen = number }
      return number != seen
    }
    #expect(try await !hasChanged())
    let id = try await fixture.commit(to: other)
    #expect(try await hasChanged())
    #expect(try await !hasChanged())
    try await other.change(.hold(reason: "x"), of: id)
    #expect(try await hasChanged())
    // A search that finds nothing is no change: two runners do not wake each other for ever.
    #expect(try await claim(other, by: StoreFixture.other, at: .last).isEmpty)
    #expect(try await !hasChanged())
    try await other.change(.release, of: id)
    #expect(try await hasChanged())
    await store.close()
    await other.close()
  }
}
