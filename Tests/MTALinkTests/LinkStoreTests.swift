import MTACore
import MTAStore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTALink

@Suite(.takesTurns, .endsHangs) struct LinkStoreTests {
  private static func store(_ folder: String) throws -> MailStore {
    try MailStore(MailStore.Configuration(database: folder + "/mta.db", queue: folder + "/queue"))
  }

  private static func mails(_ store: MailStore) async throws -> [String] {
    try await store.list(QueueSelection(), after: nil, limit: 1000).map(\.mail)
  }

  @Test(arguments: StoreConformance.checks)
  func keepsTheContract(_ check: StoreConformance.Check) async throws {
    let stages = NIOLockedValueBox<[LinkStage]>([])
    try await TemporaryFolder.using { folder in
      try await check.run(
        on: StoreConformance.Subject(
          open: {
            let store = try Self.store(folder)
            let stage = LinkStage(service: { $0.rule.maximumAge = .seconds(1 << 40) })
            stages.withLockedValue { $0.append(stage) }
            try stage.start(store)
            await stage.client.untilReady()
            return StoreOverLink(mail: stage.client.store, queue: store)
          }, close: { await ($0 as? StoreOverLink)?.queue.close() }))
    }
  }

  @Test(arguments: [0, 1, 1000, 16_384, 16_385, 131_072, 131_073, 3_000_000])
  func contentComesWholeWhateverItsSize(_ size: Int) async throws {
    try await TemporaryFolder.using { folder in
      let store = try Self.store(folder)
      let stage = LinkStage()
      try stage.start(store)
      let content = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
      let envelope = LinkStage.envelope(1)
      try await stage.commit(envelope, content)
      let stored = try await store.content(of: envelope.id)
      var all = ByteBuffer()
      try await stored.forEachPiece { all.writeImmutableBuffer($0) }
      #expect(all == content)
      // What arrived is given back.
      #expect(stage.client.room.inUse == 0)
      await store.close()
    }
  }

  @Test func aMailThatWaitsForTheQueueProcessIsStored() async throws {
    try await TemporaryFolder.using { folder in
      let store = try Self.store(folder)
      let stage = LinkStage()
      async let receipt = stage.commit(LinkStage.envelope(1))
      try stage.start(store)
      #expect(try await receipt.id == LinkStage.envelope(1).id)
      await store.close()
    }
  }

  @Test(arguments: DyingStore.Point.allCases)
  func aQueueProcessThatDiesLosesNothingAndDoublesNothing(_ point: DyingStore.Point) async throws {
    try await TemporaryFolder.using { folder in
      let store = try Self.store(folder)
      let stage = LinkStage()
      let died = NIOLockedValueBox(false)
      try stage.start(
        DyingStore(base: store, point: point) {
          stage.kill()
          died.withLockedValue { $0 = true }
        })
      for size in [1000, 300_000] {
        died.withLockedValue { $0 = false }
        let envelope = LinkStage.envelope(UInt32(size))
        async let receipt = stage.commit(envelope, ByteBuffer(repeating: 65, count: size))
        try await eventually("the queue process died") { died.withLockedValue { $0 } }
        try stage.start(
          size == 1000
            ? DyingStore(base: store, point: point, skips: [LinkStage.envelope(1000).id]) {
              stage.kill()
              died.withLockedValue { $0 = true }
            } : store)
        #expect(try await receipt.id == envelope.id)
      }
      #expect(try await Self.mails(store).count == 2)
      await store.close()
    }
  }

  @Test func aMailOfTheSameIdThatIsAnotherIsRefused() async throws {
    try await TemporaryFolder.using { folder in
      let store = try Self.store(folder)
      let envelope = LinkStage.envelope(1)
      let stage = LinkStage()
      try stage.start(store)
      try await stage.commit(envelope)
      var other = envelope
      other.reversePath = .null
      let trace = ByteBuffer(string: "Received: y\r\n")
      let size = "Subject: x\r\n\r\nhello\r\n".utf8.count
      #expect(try await store.receipt(of: envelope, trace: trace, size: size)?.id == envelope.id)
      #expect(try await store.receipt(of: other, trace: trace, size: size) == nil)
      #expect(try await store.receipt(of: envelope, trace: ByteBuffer(), size: size) == nil)
      #expect(try await store.receipt(of: envelope, trace: trace, size: size + 1) == nil)
      await #expect(throws: StoreFailure.self) { try await stage.commit(other) }
      await store.close()
    }
  }

  @Test func patienceWithAQueueProcessThatIsAwayEnds() async throws {
    let stage = LinkStage(waits: false)
    await #expect(throws: StoreFailure.failed("the queue process is away")) {
      try await stage.commit(LinkStage.envelope(1))
    }
    #expect(stage.client.room.inUse == 0)
  }

  @Test func arrivingMailsHaveABoundTogether() async throws {
    let stage = LinkStage(client: { $0.maximumContent = 300_000 })
    let first = try await stage.client.store.begin(LinkStage.envelope(1).id)
    try await first.append(ByteBuffer(repeating: 65, count: 200_000))
    let second = try await stage.client.store.begin(LinkStage.envelope(2).id)
    await #expect(throws: StoreFailure.noSpace) { try await second.append(ByteBuffer(repeating: 65, count: 200_000)) }
    await first.abandon()
    try await second.append(ByteBuffer(repeating: 65, count: 200_000))
    await second.abandon()
    #expect(stage.client.room.inUse == 0)
  }

  @Test func linksShareTheStoresTransactions() async throws {
    try await TemporaryFolder.using { folder in
      let store = try Self.store(folder)
      let stages = [LinkStage(), LinkStage()]
      for stage in stages { try stage.start(store) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<400 {
          group.addTask { _ = try await stages[number % 2].commit(LinkStage.envelope(UInt32(number))) }
        }
        try await group.waitForAll()
      }
      #expect(store.statistics.mails == 400)
      #expect(store.statistics.transactions < 400)
      await store.close()
    }
  }

  @Test func aServiceThatStopsAnswersWhatIsUnderWay() async throws {
    try await TemporaryFolder.using { folder in
      let store = try Self.store(folder)
      let stage = LinkStage()
      let service = try stage.start(store)
      await stage.client.untilReady()
      try await stage.commit(LinkStage.envelope(1))
      await service.stop()
      #expect(service.linkCount == 0)
      // What comes now waits for the next one.
      async let receipt = stage.commit(LinkStage.envelope(2))
      try stage.start(store)
      _ = try await receipt
      #expect(try await Self.mails(store).count == 2)
      await store.close()
    }
  }
}
