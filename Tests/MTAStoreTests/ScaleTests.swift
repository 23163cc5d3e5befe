import MTACore
import MTASystem
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

/// What a long queue costs: counted in steps of SQLite's machine and calls of the file layer, so that it is the same each time.
@Suite(.takesTurns) struct ScaleTests {
  let fixture = StoreFixture()

  /// Parcels that wait for a later day, and some that are due but not yet anybody's turn.
  private func fill(_ store: MailStore, _ count: Int) async throws {
    for mail in 0..<(count / 100) {
      let id = fixture.id()
      var envelope = try fixture.envelope(
        id, to: try (0..<100).map { EnvelopeRecipient(try #require(Mailbox("r\($0)@d\(mail).example"))) })
      if mail % 2 == 0 { envelope.requests.holdUntil = StoreFixture.noon + .seconds(86_400) }
      envelope.receivedAt = StoreFixture.noon + .seconds(60)
      let spool = try await store.begin(id)
      try await spool.append(noise(50, seed: 1))
      _ = try await spool.commit(envelope, trace: ByteBuffer())
    }
  }

  /// A mail's whole life, and what a runner does between: how many steps each statement took for it.
  private func life(_ store: MailStore) async throws -> [String: Int] {
    let before = try await costs(store)
    let now = StoreFixture.noon + .seconds(120)
    for seed in 0..<5 { try await fixture.commit(to: store, [noise(300, seed: seed)]) }
    let mails = try await store.claim(by: StoreFixture.me, limit: 5, now: now, deadline: now + .seconds(60))
    #expect(mails.count == 5)
    let parcels = mails.flatMap(\.parcels).map(\.id)
    try await store.renew(parcels, by: StoreFixture.me, deadline: now + .seconds(90))
    for mail in mails { _ = try await store.content(of: mail.envelope.id).collected() }
    for (index, parcel) in parcels.enumerated() {
      let outcome: DeliveryOutcome = index == 0 ? .deferred : index == 1 ? .failed : .delivered
      try await store.record([ParcelResult(parcel, outcome, message: "said")], by: StoreFixture.me, at: now)
    }
    _ = try await store.nextDue()
    _ = try await store.releaseLeases { _ in false }
    let after = try await costs(store)
    return after.mapValues { $0.steps }.merging(before.mapValues { -$0.steps }, uniquingKeysWith: +)
  }

  private func costs(_ store: MailStore) async throws -> [String: (steps: Int, scanned: Int)] {
    let written = try await store.core.write { (database) throws(SQLiteFailure) in database.costs }
    let read = try await store.core.reader.read { (database) throws(SQLiteFailure) in database.costs }
    return written.merging(read) { ($0.steps + $1.steps, $0.scanned + $1.scanned) }
  }

  @Test func aMailCostsTheSameInALongQueue() async throws {
    let store = try fixture.open()
    try await fill(store, 100)
    // Once for statements that are new.
    _ = try await life(store)
    let short = try await life(store)
    try await fill(store, 10_000)
    let long = try await life(store)
    #expect(long.values.reduce(0, +) > 500)
    for (statement, steps) in long {
      #expect(steps <= short[statement, default: 0] * 6 / 5 + 10, "\(statement)")
    }
    // Nothing walks a table or an index from end to end, but for the leases there are.
    let all = try await costs(store)
    for (statement, steps) in long where steps > 0 && !statement.contains("DISTINCT lease_owner") {
      #expect((all[statement]?.scanned ?? 0) <= 10, "\(statement)")
    }
    await store.close()
  }

  @Test func aStartTakesNoStepForEachMailThatWaits() async throws {
    func stepsOfAStart(afterMails count: Int) async throws -> Int {
      let store = try fixture.open { $0.contentInDatabase = 10 }
      for seed in 0..<count { try await fixture.commit(to: store, [noise(20, seed: seed)]) }
      await store.close()
      let before = fixture.faults.calls.count
      let again = try fixture.open()
      let steps = fixture.faults.calls.count - before
      await again.close()
      return steps
    }
    let few = try await stepsOfAStart(afterMails: 1)
    #expect(try await stepsOfAStart(afterMails: 100) == few)
  }
}
