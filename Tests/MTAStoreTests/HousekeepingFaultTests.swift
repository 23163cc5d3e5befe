import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

/// What the store does for itself: history goes, its files go, space is given back, the log is moved. Each step fails in its turn, with
/// each fault. Nobody waits for these steps, so nobody hears of it but the log; no mail is touched, and the next time does the work.
///
/// One case at a time: each has a store's files open, and threads of its own.
@Suite(.takesTurns, .serialized) struct HousekeepingFaultTests {
  let fixture = StoreFixture()
  let clock = ManualClock(StoreFixture.noon)

  private func open() throws -> MailStore {
    try fixture.open {
      $0.contentInDatabase = 100_000
      $0.historyRetention = .seconds(60)
      $0.contactRetention = .seconds(60)
      $0.clock = clock
      $0.sparePages = 4
      // So that the removal of files can be held back, and waited for.
      $0.fileThreads = 1
    }
  }

  private func keepHouse(_ store: MailStore) async {
    // Files go last, so that the steps always come in one order.
    let gate = Monitor(false)
    store.core.files.start { _ = gate.wait(until: { _ in nil }, take: { $0 ? true : nil }) }
    await withCheckedContinuation { continuation in store.core.writer.keepHouse { continuation.resume() } }
    gate.signal { isOpen in
      isOpen = true
      return true
    }
    await store.core.files.start {}.value()
  }

  @Test(arguments: StepFaults.all) func everyStepFailsInTurn(_ fault: FaultPlan.Fault) async throws {
    var store = try open()
    let silent = [EnvelopeRecipient(Mailbox("d@here.example"), client: ClientRecord(delivery: .none))]
    var alive: [MailID: ByteBuffer] = [:]
    // A mail that stays: its content in a file, the first time.
    func accept() async throws {
      let content = noise(alive.isEmpty ? 120_000 : 100, seed: alive.count)
      alive[try await fixture.commit(to: store, [content], at: clock.now)] = content
    }
    try await accept()
    var isOver = false
    for call in 1...100 where !isOver {
      // What is old when the house is kept: enough for most of the file to be holes then.
      store.save(ContactRecord(ContactKey(try #require(IPAddress("198.51.100.\(call)"))), hits: 1))
      for size in [90_000, 90_000, 90_000, 110_000] {
        try await fixture.commit(to: store, [noise(size, seed: size)], recipients: silent, at: clock.now)
      }
      clock.advance(by: .seconds(61))
      let before = fixture.faults.injected
      let told = fixture.notices.withLockedValue { $0.count }
      fixture.faults.inject(fault, call: call)
      await keepHouse(store)
      fixture.faults.clear()
      isOver = fixture.faults.injected == before
      if !isOver, fixture.faults.spoilt.last != "content.unlink" {
        #expect(fixture.notices.withLockedValue { $0.count } > told, "step \(call) failed, and the log says nothing")
      }
      // Mail goes on, and the next time makes up for it.
      try await accept()
      let moved = store.statistics.checkpoints
      await keepHouse(store)
      #expect(store.statistics.checkpoints > moved)
      #expect(try fixture.query("SELECT count(*) FROM messages WHERE settled_at IS NOT NULL") == ["0"], "\(call)")
      #expect(try fixture.query("SELECT count(*) FROM messages") == ["\(alive.count)"])
      #expect(try fixture.query("SELECT count(*) FROM contacts") == ["0"], "\(call)")
      // Those that resisted, too.
      #expect(fixture.contentFiles.count == 1, "\(call)")
      #expect(try fixture.query("SELECT freelist_count <= 4 FROM pragma_freelist_count") == ["1"], "\(call)")
    }
    #expect(isOver)
    await store.close()
    store = try open()
    for (id, content) in alive { #expect(try await store.content(of: id).collected() == content) }
    await store.close()
    let points = Set(fixture.faults.spoilt.map(\.description))
    #expect(
      points.isSuperset(of: [
        "history.find", "contact.find-old", "contact.remove", "history.begin", "history.remove", "history.commit",
        "vacuum.look", "vacuum.run",
        "database.checkpoint",
      ]), "\(points)")
    if case .fails = fault { #expect(points.contains("content.unlink")) }
  }
}
