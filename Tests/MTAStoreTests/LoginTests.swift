import MTACore
import MTASystem
import MTATestSupport
import NIOCore
import Testing

@testable import MTAStore

/// From which networks users log in: what survives a restart.
@Suite struct LoginTests {
  let fixture = StoreFixture()

  private func record(_ name: String, _ address: String, at seconds: Int = 0) throws -> LoginRecord {
    LoginRecord(
      try #require(LoginAccount(name)), from: ContactKey(try #require(IPAddress(address))),
      at: StoreFixture.noon + .seconds(seconds))
  }

  private func latest(_ store: MailStore, _ record: LoginRecord) async throws -> Timestamp? {
    try await store.lastLogin(to: record.account, from: record.network)
  }

  @Test func aLoginIsReadBackAtOnceAndAfterARestart() async throws {
    let store = try fixture.open()
    let first = try record("ann@example.org", "2001:db8::1")
    #expect(try await latest(store, first) == nil)
    store.save(first)
    #expect(try await latest(store, first) == first.at)
    let second = try record("ANN@example.org", "2001:db8::2", at: 60)
    store.save(second)
    #expect(try await latest(store, first) == second.at)
    #expect(try await latest(store, try record("ann@example.org", "192.0.2.1")) == nil)
    #expect(try await latest(store, try record("bob@example.org", "2001:db8::1")) == nil)
    await store.close()
    let again = try fixture.open()
    #expect(try await latest(again, first) == second.at)
    #expect(
      try fixture.query("SELECT account || ' ' || network || ' ' || last_login FROM logins") == [
        "ann@example.org 2001:db8::/64 \(second.at)"
      ])
    await again.close()
    await #expect(throws: StoreFailure.closed) { _ = try await latest(again, first) }
  }

  @Test func loginsRideTheNextCommit() async throws {
    let store = try fixture.open()
    store.save(try record("ann", "192.0.2.7"))
    store.save(try record("bob", "192.0.2.7"))
    try await fixture.commit(to: store)
    #expect(store.statistics.transactions == 1)
    #expect(try fixture.query("SELECT account FROM logins ORDER BY 1") == ["ann", "bob"])
    await store.close()
  }

  @Test func anAccountKeepsItsLatestNetworks() async throws {
    let store = try fixture.open()
    for number in 1...100 { store.save(try record("ann", "192.0.2.\(number)", at: number)) }
    store.save(try record("bob", "192.0.2.1"))
    await store.close()
    #expect(try fixture.query("SELECT count(*) FROM logins WHERE account = 'ann'") == ["64"])
    #expect(try fixture.query("SELECT count(*) FROM logins WHERE account = 'bob'") == ["1"])
    let again = try fixture.open()
    #expect(try await latest(again, try record("ann", "192.0.2.37")) != nil)
    #expect(try await latest(again, try record("ann", "192.0.2.36")) == nil)
    await again.close()
  }

  @Test func oldLoginsAreForgotten() async throws {
    let clock = ManualClock(StoreFixture.noon)
    let store = try fixture.open { $0.clock = clock }
    for number in 1...250 { store.save(try record("user\(number)", "192.0.2.1")) }
    store.save(try record("ann", "192.0.2.1", at: 86_400))
    try await fixture.commit(to: store)
    func keepHouse() async {
      await withCheckedContinuation { continuation in store.core.writer.keepHouse { continuation.resume() } }
    }
    clock.advance(by: .seconds(30 * 86_400))
    await keepHouse()
    #expect(try fixture.query("SELECT count(*) FROM logins") == ["251"])
    clock.advance(by: .seconds(1))
    await keepHouse()
    #expect(try fixture.query("SELECT account FROM logins") == ["ann"])
    await store.close()
  }

  @Test(arguments: StepFaults.all) func aFailedCommitLosesNone(_ fault: FaultPlan.Fault) async throws {
    let store = try fixture.open()
    var seconds = 0
    _ = try await fixture.failingInTurn(fault) {
      seconds += 1
      let login = try record("ann", "192.0.2.1", at: seconds)
      store.save(login)
      try await fixture.commit(to: store)
      #expect(try await latest(store, login) == login.at)
    } afterwards: {
      let login = try record("ann", "192.0.2.1", at: seconds)
      #expect(try await latest(store, login) == login.at)
      try await fixture.commit(to: store)
      #expect(try fixture.query("SELECT last_login FROM logins") == ["\(login.at)"])
    }
    await store.close()
  }

  @Test func salvageSavesThem() async throws {
    var store = try fixture.open()
    store.save(try record("ann", "192.0.2.1"))
    store.save(try record("ann", "2001:db8::1"))
    store.save(ContactRecord(ContactKey(try #require(IPAddress("192.0.2.7"))), hits: 3))
    try await fixture.commit(to: store)
    await store.close()
    let damaged = fixture.path + "/damaged.db"
    let files = DurableFiles()
    try files.rename(fixture.database, to: damaged, at: "test")
    let report = try MailStore.salvage(fixture.configuration(), from: damaged)
    #expect(report?.contacts == 1)
    store = try fixture.open()
    #expect(try await latest(store, try record("ann", "192.0.2.1")) == StoreFixture.noon)
    #expect(try fixture.query("SELECT count(*) FROM logins") == ["2"])
    await store.close()
  }
}
