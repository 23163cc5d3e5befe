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

/// The runner's side of the queue, and a start on a queue in use: each step fails in its turn, with each fault. The failure is a
/// temporary one, nothing is lost or done twice, and the next call works.
///
/// One case at a time: each has a store's files open, and threads of its own.
@Suite(.takesTurns, .serialized) struct QueueFaultTests {
  let fixture = StoreFixture()
  private static let later = StoreFixture.noon + .seconds(1)
  private static let deadline = StoreFixture.noon + .seconds(600)

  private func open() throws -> MailStore { try fixture.open { $0.contentInDatabase = 1000 } }

  private func claim(_ store: MailStore) async throws -> [ClaimedMail] {
    try await store.claim(by: StoreFixture.me, limit: 10, now: Self.later, deadline: Self.deadline)
  }

  @Test(arguments: StepFaults.all) func claiming(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    for seed in 0..<3 { try await fixture.commit(to: store, [noise(100, seed: seed)]) }
    let steps = try await fixture.failingInTurn(fault) {
      let mails = try await claim(store)
      #expect(mails.count == 3)
    } afterwards: {
      // Had the commit gone through all the same, the owner's end or its next start gives the lease back.
      _ = try await store.releaseLeases { _ in false }
      #expect(try await claim(store).count == 3)
      #expect(try await store.releaseLeases { _ in false } == 3)
    }
    #expect(steps >= 8)
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE hold = 1") == ["0"])
    await store.close()
  }

  @Test(arguments: StepFaults.all) func readingContent(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    for size in [100, 5000] {
      let id = try await fixture.commit(to: store, [noise(size, seed: size)])
      func look() async throws {
        let content = try await store.content(of: id).collected()
        #expect(content == noise(size, seed: size))
      }
      _ = try await fixture.failingInTurn(fault, look, afterwards: look)
    }
    // A file that cannot be read now is not a file that is gone.
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE hold = 1") == ["0"])
    await store.close()
  }

  @Test(arguments: StepFaults.all, [DeliveryOutcome.delivered, .failed])
  func recording(_ fault: FaultPlan.Fault, _ outcome: DeliveryOutcome) async throws {
    let store = try open()
    let isFinal = outcome != .deferred
    var number = 0
    var parcel: ParcelResult?
    var reports: [QueuedReport] = []
    // Each time another mail.
    func prepare() async throws {
      number += 1
      let id = try await fixture.commit(to: store, [noise(number % 2 == 0 ? 100 : 3000, seed: number)])
      let mails = try await claim(store)
      #expect(mails.map(\.envelope.id) == [id])
      var result = ParcelResult(try #require(mails.first?.parcels.first).id, outcome, message: "said")
      result.retryAt = StoreFixture.noon + .seconds(86_400)
      parcel = result
      let report = try fixture.envelope(fixture.id())
      // Not due while the test lasts.
      var held = report
      held.requests.holdUntil = StoreFixture.noon + .seconds(86_400)
      reports = [QueuedReport(held, content: ByteBuffer(string: "Subject: report\r\n\r\n"), about: [result.parcel])]
    }
    func record() async throws {
      try await store.record([try #require(parcel)], reports: reports, by: StoreFixture.me, at: Self.later)
    }
    func look() throws {
      let id = try #require(parcel).parcel
      let state = isFinal ? (outcome == .delivered ? "delivered" : "failed") : "waiting"
      #expect(try fixture.query("SELECT state FROM parcels WHERE id = \(id)") == [state])
      #expect(try fixture.query("SELECT count(*) FROM messages WHERE id = '\(reports[0].envelope.id)'") == ["1"])
      #expect(try fixture.query("SELECT count(*) FROM parcels WHERE mail_id = '\(reports[0].envelope.id)'") == ["1"])
      #expect(
        try fixture.query(
          "SELECT settled_at IS NOT NULL FROM messages WHERE id = (SELECT mail_id FROM parcels WHERE id = \(id))")
          == [isFinal ? "1" : "0"])
    }
    try await prepare()
    let steps = try await fixture.failingInTurn(fault) {
      try await record()
      try look()
    } afterwards: {
      // The runner says it again until it is heard.
      try await record()
      try look()
      try await prepare()
    }
    #expect(steps >= 6)
    await store.close()
    await (try open()).close()
    if isFinal { #expect(fixture.contentFiles == []) }
  }

  @Test(arguments: StepFaults.all) func releasingWhatIsHeld(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    let id = try await fixture.commit(to: store)
    await store.core.hold(id, because: "a test")
    _ = try await fixture.failingInTurn(fault) {
      _ = try await store.change(.release, of: id)
    } afterwards: {
      _ = try await store.change(.release, of: id)
      #expect(try await claim(store).count == 1)
      await store.core.hold(id, because: "a test")
    }
    #expect(try await claim(store).count == 1)
    await store.close()
  }

  @Test(arguments: StepFaults.all) func settingAside(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    let id = try await fixture.commit(to: store)
    // Also what is being delivered, and what is held already.
    for isWorking in [false, true] {
      try await store.change(.release, of: id)
      if isWorking { #expect(try await claim(store).count == 1) }
      let hold = {
        let count = try await store.change(.hold(reason: "a test"), of: id)
        #expect(count == 1)
      }
      let steps = try await fixture.failingInTurn(fault, hold) {
        try await hold()
        let held = try await store.list(.held)
        #expect(held.map(\.mail) == ["\(id)"])
      }
      #expect(steps >= 5)
      let state = isWorking ? "working" : "waiting"
      #expect(try fixture.query("SELECT state || hold || delivery_msg FROM parcels") == [state + "1held: a test"])
    }
    await store.close()
  }

  /// What a runner and an operator ask for beside.
  @Test(arguments: StepFaults.all) func lookingAndLeasing(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    try await fixture.commit(to: store)
    func look() async throws {
      let (all, due) = (try await store.list(), try await store.nextDue())
      #expect(all.count == 1 && due == StoreFixture.noon)
    }
    try await fixture.failingInTurn(fault, look, afterwards: look)
    let parcels = try await claim(store).flatMap(\.parcels).map(\.id)
    let later = Self.deadline + .seconds(60)
    let renew = { try await store.renew(parcels, by: StoreFixture.me, deadline: later) }
    try await fixture.failingInTurn(fault, renew, afterwards: renew)
    #expect(try fixture.query("SELECT lease_until FROM parcels") == ["\(later)"])
    for isEverybodys in [false, true] {
      func release() async throws {
        if isEverybodys {
          _ = try await store.releaseLeases { _ in false }
        } else {
          _ = try await store.releaseLeases(of: StoreFixture.me, except: { [] })
        }
        let states = try fixture.query("SELECT state FROM parcels")
        #expect(states == ["waiting"])
      }
      _ = try await claim(store)
      try await fixture.failingInTurn(fault, release) {
        try await release()
        let mails = try await claim(store)
        #expect(mails.count == 1)
      }
    }
    await store.close()
  }

  @Test(arguments: StepFaults.all) func contacts(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    let key = ContactKey(try #require(IPAddress("192.0.2.1")))
    var hits = 0
    _ = try await fixture.failingInTurn(fault) {
      hits += 1
      store.save(ContactRecord(key, hits: hits))
      try await fixture.commit(to: store)
      #expect(try await store.contact(key)?.hits == hits)
    } afterwards: {
      #expect(try await store.contact(key)?.hits == hits)
      try await fixture.commit(to: store)
      #expect(try fixture.query("SELECT hits FROM contacts") == ["\(hits)"])
    }
    await store.close()
  }

  /// A start on what a crash left.
  @Test(arguments: StepFaults.all) func starting(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    let id = try await fixture.commit(to: store, [noise(5000, seed: 1)])
    let lost = try await fixture.commit(to: store, [noise(5000, seed: 2)])
    await store.close()
    let files = DurableFiles()
    try files.unlink(fixture.queue + "/\(lost).content", at: "test")
    func litter() throws {
      for name in ["1dYwrI-0iDWWN-0y.part", "1dYwrI-0iDWWN-0z.content"] {
        _ = try files.openOrCreate(fixture.queue + "/" + name, at: "test")
      }
    }
    try litter()
    let steps = try await fixture.failingInTurn(fault) {
      let store = try open()
      fixture.faults.clear()
      await store.close()
    } afterwards: {
      let store = try open()
      #expect(fixture.contentFiles == ["\(id).content"])
      #expect(try await store.content(of: id).collected() == noise(5000, seed: 1))
      #expect(try fixture.query("SELECT mail_id FROM parcels WHERE hold = 1") == ["\(lost)"])
      await store.close()
      try litter()
    }
    #expect(steps > 15)
    #expect(try files.names(in: fixture.path + "/state", at: "test").count { $0.contains("damaged") } == 0)
  }
}
