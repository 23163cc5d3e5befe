import MTACore
import MTATestSupport
import NIOCore
import Testing

@testable import MTAStore

@Suite struct ContactTests {
  let fixture = StoreFixture()

  @Test func aRecordIsReadBackAtOnceAndAfterARestart() async throws {
    let store = try fixture.open()
    let key = ContactKey(try #require(IPAddress("2001:db8::1")))
    #expect(try await store.contact(key) == nil)
    var record = ContactRecord(key, hits: 1, locks: 2, violations: 3, expiresAt: StoreFixture.noon)
    store.save(record)
    #expect(try await store.contact(key) == record)
    record.hits = 2
    record.expiresAt = nil
    store.save(record)
    #expect(try await store.contact(key) == record)
    await store.close()
    let again = try fixture.open()
    #expect(try await again.contact(key) == record)
    #expect(try fixture.query("SELECT remote_ip FROM contacts") == ["2001:db8::/64"])
    await again.close()
  }

  @Test func recordsRideTheNextCommitAndParcelsNameThem() async throws {
    let store = try fixture.open()
    for address in ["192.0.2.7", "192.0.2.8"] {
      store.save(ContactRecord(ContactKey(try #require(IPAddress(address))), hits: 1))
    }
    try await fixture.commit(to: store)
    #expect(store.statistics.transactions == 1)
    #expect(try fixture.query("SELECT remote_ip FROM contacts ORDER BY remote_ip") == ["192.0.2.7", "192.0.2.8"])
    #expect(
      try fixture.query("SELECT remote_ip FROM contacts JOIN parcels ON contact_id = contacts.id") == ["192.0.2.7"])
    await store.close()
  }

  /// Whoever is not seen for a month is forgotten, unless it is locked out.
  @Test func strangersAreForgotten() async throws {
    let clock = ManualClock(StoreFixture.noon)
    let store = try fixture.open {
      $0.clock = clock
      $0.contactRetention = .seconds(1000)
    }
    func keepHouse(_ store: MailStore) async {
      await withCheckedContinuation { continuation in store.core.writer.keepHouse { continuation.resume() } }
    }
    func key(_ address: String) throws -> ContactKey { ContactKey(try #require(IPAddress(address))) }
    for number in 1...250 { store.save(ContactRecord(try key("192.0.2.\(number)"), hits: 1)) }
    store.save(ContactRecord(try key("198.51.100.1"), violations: 9, expiresAt: StoreFixture.noon + .seconds(5000)))
    store.save(ContactRecord(try key("198.51.100.2"), violations: 9, expiresAt: StoreFixture.noon + .seconds(10)))
    try await fixture.commit(to: store)
    clock.advance(by: .seconds(1000))
    store.save(ContactRecord(try key("192.0.2.7"), hits: 2))
    try await fixture.commit(to: store)
    await keepHouse(store)
    #expect(try fixture.query("SELECT count(*) FROM contacts") == ["252"])
    clock.advance(by: .seconds(1))
    await keepHouse(store)
    #expect(try fixture.query("SELECT remote_ip FROM contacts ORDER BY 1") == ["192.0.2.7", "198.51.100.1"])
    #expect(try await store.contact(try key("192.0.2.8")) == nil)
    // The mails that came from there stay, under no name.
    #expect(try fixture.query("SELECT count(contact_id), count(*) FROM parcels") == ["2"])
    clock.advance(by: .seconds(5000))
    await keepHouse(store)
    #expect(try fixture.query("SELECT count(*) FROM contacts") == ["0"])
    #expect(try fixture.query("SELECT count(*) FROM parcels") == ["2"])
    await store.close()
  }

  @Test func withoutACommitTheyAreWrittenSoonAllTheSame() async throws {
    let store = try fixture.open()
    store.save(ContactRecord(ContactKey(try #require(IPAddress("192.0.2.7"))), hits: 1))
    try await eventually("the contact is written") {
      try fixture.query("SELECT count(*) FROM contacts") == ["1"]
    }
    await store.close()
  }
}
