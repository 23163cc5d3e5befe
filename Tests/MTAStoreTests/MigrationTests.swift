import CSQLite
import MTACore
import MTASystem
import Testing

@testable import MTAStore

/// Databases of all versions before are led forward, with all that is in them.
struct MigrationTests {
  private let fixture = StoreFixture()

  /// A file as a program of that version left it: a mail for a remote recipient, one for a local one, one of each that is done.
  private func makeFile(ofVersion version: Int) async throws {
    // The mails' own columns never changed: written by the program of today, and read back.
    let store = try fixture.open()
    let local = EnvelopeRecipient(Mailbox("c@here.example"), client: ClientRecord(mailboxID: "c"))
    for recipient in [EnvelopeRecipient(Mailbox("b@Remote.example")), local] {
      for _ in 0..<2 { try await fixture.commit(to: store, recipients: [recipient]) }
    }
    await store.close()
    let mails = try fixture.query(
      "SELECT quote(id) || ',' || size || ',' || quote(created_at) || ',' || quote(envelope) || ',' || quote(trace) || ',' || quote(content) FROM messages ORDER BY id"
    )
    for name in ["", "-wal", "-shm"] { try? DurableFiles().unlink(fixture.database + name, at: "test") }
    try DurableFiles().create(fixture.database, at: "test").sync(at: "test")
    for statements in Schema.migrations.prefix(version) { for sql in statements { _ = try fixture.query(sql) } }
    for (index, mail) in mails.enumerated() {
      let (isLocal, isDone) = (index >= 2, index % 2 == 1)
      _ = try fixture.query("INSERT INTO messages (id, size, created_at, envelope, trace, content) VALUES (\(mail))")
      _ = try fixture.query(
        """
        INSERT INTO parcels (mail_id, "from", "to", delivery, retry_at, created_at, updated_at, state, expires_at, next_hop, mailbox_id)
          SELECT id, 'a@client.example', '\(isLocal ? "c@here.example" : "b@remote.example")', '\(isLocal ? "local" : "remote")',
            created_at, created_at, created_at, '\(isDone ? "delivered" : "waiting")', '2027-01-20T08:00:00.000Z',
            \(isLocal ? "NULL" : "'remote.example'"), \(isLocal ? "'c'" : "NULL")
          FROM messages ORDER BY rowid DESC LIMIT 1
        """)
    }
    // Version 7 brought lanes, which its programs wrote.
    if version >= 7 {
      _ = try fixture.query("UPDATE parcels SET lane = coalesce(next_hop, 'local:') WHERE state = 'waiting'")
    }
    _ = try fixture.query("PRAGMA application_id = \(Schema.applicationID)")
    _ = try fixture.query("PRAGMA user_version = \(version)")
  }

  @Test(arguments: 1..<Schema.version) func aDatabaseIsLedForward(from version: Int) async throws {
    try await makeFile(ofVersion: version)
    let store = try fixture.open()
    #expect(try fixture.query("PRAGMA user_version") == ["\(Schema.version)"])
    #expect(try fixture.query("PRAGMA integrity_check") == ["ok"])
    #expect(
      try fixture.query("SELECT lane FROM parcels WHERE state = 'waiting' ORDER BY id") == ["remote.example", "local:"])
    let now = StoreFixture.noon + .seconds(1)
    let remote = try await store.claim(
      by: StoreFixture.me, limit: 9, leavingOut: ["local:"], now: now, deadline: now + .seconds(60))
    #expect(remote.flatMap(\.parcels).map { "\($0.recipient.mailbox)" } == ["b@remote.example"])
    let local = try await store.claim(
      by: StoreFixture.me, limit: 9, leavingOut: ["remote.example"], now: now, deadline: now + .seconds(60))
    #expect(local.flatMap(\.parcels).map(\.recipient.client?.mailboxID) == ["c"])
    // What came with later versions works.
    store.save(
      LoginRecord(try #require(LoginAccount("ann")), from: ContactKey(try #require(IPAddress("192.0.2.1"))), at: now))
    let mail = try #require(remote.first)
    // Mail of versions before has no checksum, and is read without one.
    #expect(try fixture.query("SELECT DISTINCT checksum FROM messages") == ["NULL"])
    #expect(try await store.content(of: mail.envelope.id).size == 21)
    #expect(try await !store.suspect(mail.envelope.id, because: "x", at: now))
    try await store.record(
      (remote + local).flatMap(\.parcels).map { ParcelResult($0.id, .delivered, message: "250 ok") },
      by: StoreFixture.me, at: now)
    await store.close()
    #expect(try fixture.query("SELECT account FROM logins") == ["ann"])
    #expect(try fixture.query("SELECT DISTINCT state FROM parcels") == ["delivered"])
    #expect(try fixture.query("SELECT count(*) FROM lanes") == ["0"])
  }

  /// A program of the version before that still runs goes on writing as it knows: its mail waits, in a lane without a name.
  @Test func theVersionBeforeMayGoOnWriting() async throws {
    let store = try fixture.open()
    let id = try await fixture.commit(to: store)
    _ = try fixture.query(
      """
      INSERT INTO parcels (mail_id, "from", "to", delivery, retry_at, created_at, updated_at, state, expires_at, next_hop)
        SELECT mail_id, "from", 'z@remote.example', delivery, retry_at, created_at, updated_at, state, expires_at, 'remote.example'
          FROM parcels
      """)
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 9, leavingOut: ["remote.example"], now: .last, deadline: .last)
    #expect(mails.map(\.envelope.id) == [id])
    #expect(mails.flatMap(\.parcels).map(\.lane) == ["remote.example", ""])
    await store.close()
  }
}
