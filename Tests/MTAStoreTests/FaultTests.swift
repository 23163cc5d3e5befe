import CSQLite
import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite(.takesTurns) struct FaultTests {
  let fixture = StoreFixture()

  /// In memory; kept in memory but too large for the database; spilled while it arrives.
  enum Kind: CaseIterable { case small, large, spilled }

  private func pieces(_ kind: Kind) -> [ByteBuffer] {
    switch kind {
    case .small: [noise(500, seed: 1)]
    case .large: [noise(1500, seed: 2)]
    case .spilled: (0..<5).map { noise(40_000, seed: $0) }
    }
  }

  @Test(arguments: Kind.allCases, StepFaults.all)
  func everyStepFailingInTurnLeavesNothingAndGivesNoReceipt(_ kind: Kind, _ fault: FaultPlan.Fault) async throws {
    let store = try fixture.open {
      $0.contentInDatabase = 1000
      $0.spillThreshold = 2000
    }
    var accepted = 0
    var call = 1
    while true {
      fixture.faults.inject(fault, call: call)
      let before = fixture.faults.injected
      let result: Result<MailID, any Error>
      do { result = .success(try await fixture.commit(to: store, pieces(kind))) } catch { result = .failure(error) }
      fixture.faults.clear()
      switch result {
      case .success:
        accepted += 1
        // A receipt although a step failed is right only where the step came after the promise, or was mere tidying.
        #expect(fixture.faults.injected == before)
      case .failure(let error):
        #expect(fixture.faults.injected == before + 1)
        #expect(((error as? StoreFailure) == .noSpace) == StepFaults.isNoSpace(fault), "\(error)")
      }
      // The next mail goes through, and is followed by the clean-up of the one before.
      try await fixture.commit(to: store, pieces(kind))
      accepted += 1
      #expect(try fixture.query("SELECT count(*) FROM messages") == ["\(accepted)"])
      #expect(try fixture.query("SELECT count(*) FROM parcels") == ["\(accepted)"])
      if case .success = result { break }
      call += 1
      try #require(call < 100)
    }
    if case .fails = fault { #expect(call > (kind == .small ? 4 : 8)) } else { #expect(call > 4) }
    await store.close()
    #expect(fixture.contentFiles.count == (kind == .small ? 0 : accepted))
  }

  @Test func aFailedSyncFailsItsWholeGroupAndTheNextOneWorks() async throws {
    let store = try fixture.open()
    fixture.faults.inject(.fails(EIO), at: "store.commit")
    let failures = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<30 {
        group.addTask { [fixture] in (try? await fixture.commit(to: store)) == nil }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(failures >= 1)
    #expect(store.statistics.reopenings == 1)
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["\(30 - failures)"])
    try await fixture.commit(to: store)
    #expect(try fixture.query("SELECT count(*) FROM parcels") == ["\(31 - failures)"])
    await store.close()
  }

  /// Whatever goes wrong, however often, while several clients are at it: each receipt is for a mail that is there afterwards, whole,
  /// and nothing is there without one. Seeded: the same faults each time.
  @Test(arguments: 1...16) func receiptsAreForWhatIsThereAndForNothingElse(seed: Int) async throws {
    var random = SeededNumbers(seed)
    let change: (inout MailStore.Configuration) -> Void = {
      $0.contentInDatabase = 1000
      $0.spillThreshold = 2000
    }
    // Of a database that seems damaged nothing is tried for a while.
    let faults = StepFaults.all.filter { $0 != .refuses(SQLITE_CORRUPT) }
    let points: [FaultPoint?] = [nil, "spill.sync", "spill.sync-folder", "store.commit", "store.committed"]
    let store = try fixture.open(change)
    var promised: [MailID: ByteBuffer] = [:]
    var refused = 0
    for _ in 0..<6 {
      for _ in 0..<4 {
        fixture.faults.inject(
          faults.randomElement(using: &random) ?? .fails(EIO), at: points.randomElement(using: &random) ?? nil,
          call: .random(in: 1...8, using: &random))
      }
      let contents = (0..<5).map { _ in
        noise([100, 1500, 5000].randomElement(using: &random) ?? 100, seed: .random(in: 1...1000, using: &random))
      }
      await withTaskGroup(of: (MailID, ByteBuffer)?.self) { group in
        for content in contents {
          group.addTask { [fixture] in
            (try? await fixture.commit(to: store, [content])).map { ($0, content) }
          }
        }
        for await accepted in group {
          if let (id, content) = accepted { promised[id] = content } else { refused += 1 }
        }
      }
    }
    fixture.faults.clear()
    // What was refused last is taken back with the next mail, or at the end.
    if seed.isMultiple(of: 2) { promised[try await fixture.commit(to: store, [noise(9, seed: 9)])] = noise(9, seed: 9) }
    await store.close()
    #expect(refused > 0 && !promised.isEmpty)
    let again = try fixture.open(change)
    #expect(Set(try fixture.query("SELECT id FROM messages")) == Set(promised.keys.map(\.description)))
    for (id, content) in promised { #expect(try await again.content(of: id).collected() == content) }
    #expect(fixture.contentFiles.count == promised.values.count { $0.readableBytes > 1000 })
    await again.close()
  }

  /// The disk took the transaction and said that it had not.
  @Test func aCommitOfUnknownOutcomeIsTakenBack() async throws {
    let store = try fixture.open { $0.contentInDatabase = 100 }
    fixture.faults.inject(.fails(EIO), at: "store.committed")
    await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store, [noise(5000, seed: 1)]) }
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["1"])
    let id = try await fixture.commit(to: store, [noise(5000, seed: 2)])
    #expect(try fixture.query("SELECT id FROM messages") == ["\(id)"])
    await store.close()
    #expect(fixture.contentFiles == ["\(id).content"])
  }

  @Test func aDatabaseThatCannotBeOpenedAgainIsTriedForEachGroup() async throws {
    let store = try fixture.open()
    fixture.faults.inject(.fails(EIO), at: "store.commit")
    fixture.faults.inject(.fails(EIO), at: "database.open", times: .max)
    for _ in 0..<3 { await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store) } }
    fixture.faults.clear()
    try await fixture.commit(to: store)
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["1"])
    await store.close()
  }

  @Test func resultsThatCannotBeRecordedLeaveTheParcelLeased() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 1, now: StoreFixture.noon, deadline: StoreFixture.noon + .seconds(60))
    let result = ParcelResult(try #require(mails.first?.parcels.first).id, .delivered, message: "250 ok")
    for step: FaultPoint in ["store.begin", "parcel.record", "mail.settle", "store.commit"] {
      fixture.faults.inject(.fails(EIO), at: step)
      await #expect(throws: StoreFailure.self) {
        try await store.record([result], by: StoreFixture.me, at: StoreFixture.noon)
      }
      #expect(try fixture.query("SELECT state FROM parcels") == ["working"])
      #expect(try fixture.query("SELECT content IS NOT NULL FROM messages") == ["1"])
    }
    // Recorded, though the store could not know: the runner says it again, and nothing changes.
    fixture.faults.inject(.fails(EIO), at: "store.committed")
    await #expect(throws: StoreFailure.self) {
      try await store.record([result], by: StoreFixture.me, at: StoreFixture.noon)
    }
    try await store.record([result], by: StoreFixture.me, at: StoreFixture.noon)
    #expect(try fixture.query("SELECT state FROM parcels") == ["delivered"])
    await store.close()
  }

  @Test func closingEndsThoughNothingCanBeWritten() async throws {
    let store = try fixture.open()
    store.save(ContactRecord(ContactKey(try #require(IPAddress("192.0.2.1"))), hits: 1))
    fixture.faults.inject(.fails(EIO), at: "store.commit", times: .max)
    await store.close()
    #expect(try fixture.query("SELECT count(*) FROM contacts") == ["0"])
  }

  @Test func contactsOutliveAFailedCommit() async throws {
    let store = try fixture.open()
    let key = ContactKey(try #require(IPAddress("192.0.2.1")))
    fixture.faults.inject(.fails(EIO), at: "store.commit")
    store.save(ContactRecord(key, hits: 1))
    await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store) }
    #expect(try await store.contact(key)?.hits == 1)
    try await fixture.commit(to: store)
    #expect(try fixture.query("SELECT hits FROM contacts") == ["1"])
    await store.close()
  }
}
