import MTACore
import MTASystem
import MTATestSupport
import Testing

@testable import MTAStore

/// What `queueCensus(at:)` counts, and what `proveWritable()` proves.
@Suite struct QueueCensusTests {
  private let fixture = StoreFixture()
  private let noon = StoreFixture.noon

  @Test func copiesAreCountedByStateAndAge() async throws {
    let store = try fixture.open()
    #expect(try await store.queueCensus(at: noon) == QueueCensus())
    let both = [EnvelopeRecipient(Mailbox("b@one.example")), EnvelopeRecipient(Mailbox("c@two.example"))]
    let held = try await fixture.commit(to: store, recipients: both)
    try await fixture.commit(to: store, at: noon + .seconds(3000))
    #expect(try await store.change(.hold(reason: "test"), of: held) == 2)
    _ = try await store.claim(
      by: StoreFixture.me, limit: 1, now: noon + .seconds(3000), deadline: noon + .seconds(9999))
    try await fixture.commit(to: store, at: noon + .seconds(3850))
    let census = try await store.queueCensus(at: noon + .seconds(3900))
    #expect(census.count(.held, ageGroup: 2) == 2)
    #expect(census.count(.working, ageGroup: 1) == 1)
    #expect(census.count(.waiting, ageGroup: 0) == 1)
    #expect(QueueCensus.State.allCases.map { census.count($0) } == [1, 1, 2])
    #expect(census.oldest == noon)
    await store.close()
  }

  @Test func whatIsDoneIsNotCounted() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    let claimed = try await store.claim(
      by: StoreFixture.me, limit: 1, now: noon, deadline: noon + .seconds(60))
    let parcels = claimed.flatMap(\.parcels)
    #expect(parcels.count == 1)
    try await store.record(
      parcels.map { ParcelResult($0.id, .delivered, message: "250 ok") }, by: StoreFixture.me, at: noon)
    #expect(try await store.queueCensus(at: noon) == QueueCensus())
    await store.close()
  }

  @Test func eachPlaceThatCannotBeWrittenIsFound() async throws {
    let store = try fixture.open()
    try await store.proveWritable()
    #expect(fixture.contentFiles.isEmpty)
    fixture.faults.inject(.fails(28), at: "store.prove")
    await #expect(throws: StoreFailure.noSpace) { try await store.proveWritable() }
    fixture.faults.inject(.failsOnFile(30), at: "content.prove")
    await #expect(throws: StoreFailure.self) { try await store.proveWritable() }
    try await store.proveWritable()
    await store.close()
  }
}
