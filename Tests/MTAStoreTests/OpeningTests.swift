import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

@Suite(.takesTurns) struct OpeningTests {
  let fixture = StoreFixture()
  let files = DurableFiles()

  private func reason() -> MailStore.OpenFailure.Reason? {
    do {
      _ = try fixture.open()
      return nil
    } catch { return (error as? MailStore.OpenFailure)?.reason }
  }

  @Test func whatIsMissingIsMadeForTheOwnerAlone() async throws {
    let store = try fixture.open()
    #expect(try files.status(fixture.queue, at: "test").mode == 0o700)
    #expect(try files.status(fixture.path + "/state", at: "test").mode == 0o700)
    #expect(try files.status(fixture.database, at: "test").mode == 0o600)
    #expect(try files.status(fixture.database + "-wal", at: "test").mode == 0o600)
    #expect(try fixture.query("PRAGMA journal_mode") == ["wal"])
    #expect(try fixture.query("PRAGMA auto_vacuum") == ["2"])
    #expect(try fixture.query("PRAGMA user_version") == ["\(Schema.version)"])
    await store.close()
  }

  /// A process that may write in its own folders alone has none for temporary files.
  @Test func statementsKeepWhatTheySortInMemory() async throws {
    let store = try fixture.open()
    let reader = try await store.core.reader.read { (database) throws(SQLiteFailure) in
      try database.first("PRAGMA temp_store", at: "test") { $0.text(0) }
    }
    #expect(reader == "2")
    let writer = try Database(path: fixture.database, busyMilliseconds: 5000, faults: nil)
    try writer.configureForWriting()
    #expect(try writer.first("PRAGMA temp_store", at: "test") { $0.text(0) } == "2")
    await store.close()
  }

  /// Nothing is written, and so nothing is waited for: a restart is quick however busy the disk is.
  @Test func anOpeningChangesNothing() async throws {
    let store = try fixture.open()
    try await fixture.commit(to: store)
    await store.close()
    func bytes() throws -> ByteBuffer {
      try files.openForReading(fixture.database, at: "test").read(from: 0, upTo: 1 << 20, at: "test")
    }
    let before = try bytes()
    await (try fixture.open()).close()
    #expect(try bytes() == before)
  }

  @Test func aNewerVersionIsRefusedAndLeftAlone() async throws {
    await (try fixture.open()).close()
    _ = try fixture.query("PRAGMA user_version = \(Schema.version + 1)")
    #expect(reason() == .newerVersion(found: Schema.version + 1, supported: Schema.version))
    #expect(try fixture.query("PRAGMA user_version") == ["\(Schema.version + 1)"])
  }

  @Test func otherPeoplesFilesAreRefusedAndLeftAlone() async throws {
    try files.makeDirectories(fixture.path + "/state", at: "test")
    let text = ByteBuffer(string: "this is a letter to my aunt, not a database")
    try files.create(fixture.database, at: "test").write(text, at: "test")
    #expect(reason() == .notOurDatabase)
    #expect(try files.openForReading(fixture.database, at: "test").read(from: 0, upTo: 100, at: "test") == text)
    try files.unlink(fixture.database, at: "test")
    _ = try files.create(fixture.database, at: "test")
    _ = try fixture.query("CREATE TABLE recipes (title TEXT)")
    #expect(reason() == .notOurDatabase)
    #expect(try fixture.query("SELECT name FROM sqlite_master") == ["recipes"])
  }

  @Test func aDamagedFileIsSetAside() async throws {
    await (try fixture.open()).close()
    let file = try files.openForReading(fixture.database, at: "test")
    let whole = try file.read(from: 0, upTo: 1 << 20, at: "test")
    let half = try #require(whole.getSlice(at: 0, length: 16_384))
    try files.unlink(fixture.database, at: "test")
    try files.create(fixture.database, at: "test").write(half, at: "test")
    let store = try fixture.open()
    try await fixture.commit(to: store)
    await store.close()
    let aside = try files.names(in: fixture.path + "/state", at: "test").filter { $0.hasPrefix("mta.db.damaged-") }
    #expect(try files.status(fixture.path + "/state/" + #require(aside.first), at: "test").size == 16_384)
    #expect(fixture.notices.withLockedValue { $0 }.contains { $0.isTrouble && $0.description.contains("set aside") })
  }

  @Test func aPlaceThatCannotBeWrittenIsRefused() async throws {
    _ = try files.create(fixture.path + "/state", at: "test")
    #expect(reason() == .notWritable)
  }

  @Test(arguments: StepFaults.all)
  func everyStepOfTheFirstOpeningCanFailAndTheNextOneWorks(_ fault: FaultPlan.Fault) async throws {
    var call = 1
    while true {
      fixture.faults.inject(fault, call: call)
      let before = fixture.faults.injected
      let store = try? fixture.open()
      fixture.faults.clear()
      if let store {
        #expect(fixture.faults.injected == before)
        try await fixture.commit(to: store)
        await store.close()
        break
      }
      call += 1
      try #require(call < 200)
    }
    #expect(call > 15)
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["1"])
    #expect(try files.names(in: fixture.path + "/state", at: "test").count { $0.contains("damaged") } == 0)
  }

  @Test func whatACrashLeftIsRemovedAndWhatRowsNameIsKept() async throws {
    let store = try fixture.open { $0.contentInDatabase = 10 }
    let kept = try await fixture.commit(to: store, [noise(5000, seed: 1)])
    let lost = try await fixture.commit(to: store, [noise(5000, seed: 2)])
    await store.close()
    for name in ["1dYwrI-0iDWWN-0y.part", "1dYwrI-0iDWWN-0z.content"] {
      try files.create(fixture.queue + "/" + name, at: "test").write(noise(10, seed: 3), at: "test")
    }
    _ = try files.create(fixture.queue + "/notes.txt", at: "test")
    try files.unlink(fixture.queue + "/\(lost).content", at: "test")

    let again = try fixture.open()
    #expect(fixture.contentFiles == ["\(kept).content", "notes.txt"].sorted())
    #expect(try await again.content(of: kept).collected() == noise(5000, seed: 1))
    #expect(try fixture.query("SELECT mail_id FROM parcels WHERE hold = 1") == ["\(lost)"])
    #expect(fixture.notices.withLockedValue { $0 }.count { $0.isTrouble } == 1)
    await again.close()
  }
}
