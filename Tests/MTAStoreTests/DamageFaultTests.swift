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

/// What is done about a damaged database, each step failing in its turn with each fault: nothing gets lost by it, and the next try comes
/// up with all that can be read.
///
/// A failed try is followed by the next on what it left, and by a look at what is there as soon as the salvaged file is in place: what
/// any of them lost would be missing then.
///
/// One case at a time: each has a store's files open, and threads of its own.
@Suite(.takesTurns, .serialized) struct DamageFaultTests {
  let fixture = StoreFixture()
  let files = DurableFiles()
  static let pageSize = Schema.pageSizes[0]

  /// Names below the fixture's folder, and what is in them.
  typealias Snapshot = [String: ByteBuffer]

  private func snapshot() throws -> Snapshot {
    var snapshot: Snapshot = [:]
    for folder in ["state", "queue", "queue/lost"] {
      for name in (try? files.names(in: fixture.path + "/" + folder, at: "test")) ?? [] where name != "lost" {
        let file = try files.openForReading(fixture.path + "/\(folder)/\(name)", at: "test")
        snapshot["\(folder)/\(name)"] = try file.read(from: 0, upTo: file.size(at: "test"), at: "test")
      }
    }
    return snapshot
  }

  private func restore(_ snapshot: Snapshot) throws {
    for folder in ["state", "queue", "queue/lost"] {
      for name in (try? files.names(in: fixture.path + "/" + folder, at: "test")) ?? [] where name != "lost" {
        try files.unlink(fixture.path + "/\(folder)/\(name)", at: "test")
      }
    }
    for (name, bytes) in snapshot { try files.create(fixture.path + "/" + name, at: "test").write(bytes, at: "test") }
  }

  private func open() throws -> MailStore { try fixture.open { $0.contentInDatabase = 1000 } }

  /// A mail in the database and one in a file.
  private func fill() async throws -> [MailID: ByteBuffer] {
    let store = try open()
    var sent: [MailID: ByteBuffer] = [:]
    for size in [500, 2000] {
      sent[try await fixture.commit(to: store, [noise(size, seed: size)])] = noise(size, seed: size)
    }
    await store.close()
    return sent
  }

  private func damage(_ page: Int) throws {
    let path = fixture.database
    let file = try files.openForReading(path, at: "test")
    var whole = try file.read(from: 0, upTo: file.size(at: "test"), at: "test")
    whole.setBuffer(noise(Self.pageSize, seed: page), at: whole.readerIndex + (page - 1) * Self.pageSize)
    try files.unlink(path, at: "test")
    try files.create(path, at: "test").write(whole, at: "test")
  }

  private func page(of name: String) throws -> Int {
    try #require(
      try fixture.query("SELECT rootpage FROM sqlite_master WHERE name = '\(name)'").first.flatMap { Int($0) })
  }

  private func asides() throws -> [String] {
    try files.names(in: fixture.path + "/state", at: "test").filter {
      $0.hasPrefix("mta.db.damaged-") && !$0.hasSuffix("-wal")
    }
  }

  /// Every mail that was sent is handed out, whole.
  private func expectAll(_ sent: [MailID: ByteBuffer], _ step: String) async throws {
    let store = try open()
    let now = StoreFixture.noon + .seconds(1)
    var found: [MailID: ByteBuffer] = [:]
    for mail in try await store.claim(by: StoreFixture.me, limit: 99, now: now, deadline: now + .seconds(60)) {
      found[mail.envelope.id] = try await store.content(of: mail.envelope.id).collected()
    }
    #expect(found == sent, "after \(step): \(found.keys) instead of \(sent.keys)")
    await store.close()
  }

  /// Runs `body` on the damaged store, its first, second … step failing.
  private func failInTurn(
    _ fault: FaultPlan.Fault, _ sent: [MailID: ByteBuffer], _ body: () async throws -> Void
  ) async throws -> Set<String> {
    let damaged = try snapshot()
    for call in 1...1000 {
      let before = fixture.faults.injected
      fixture.faults.inject(fault, call: call)
      var failure: (any Error)?
      do { try await body() } catch { failure = error }
      fixture.faults.clear()
      if fixture.faults.injected == before {
        #expect(failure == nil, "\(call)")
        try await expectAll(sent, "all")
        #expect(try asides().count == 1)
        let names = try files.names(in: fixture.path + "/state", at: "test")
        #expect(!names.contains { $0.contains("salvag") })
        return Set(fixture.faults.spoilt.map(\.description))
      }
      let step = "\(fixture.faults.spoilt.last.map(\.description) ?? "?") (\(call))"
      if failure == nil, let aside = try asides().first {
        // A page that the disk did not give back cost what was on it, and no more than that: it can be fetched later. And what says that
        // the database is damaged says nothing new.
        #expect(
          ["salvage.read", "content.unlink", "close.unlock"].contains(fixture.faults.spoilt.last?.description)
            || fault == .refuses(SQLITE_CORRUPT), "\(step) went unheard")
        _ = try MailStore.salvage(fixture.configuration(), from: fixture.path + "/state/" + aside)
      }
      // With the new file whole, a try has little left to do: the steps that come now need the damaged one.
      let names = try files.names(in: fixture.path + "/state", at: "test")
      if names.contains(where: { $0.contains(".salvaged-") || $0.contains(".damaged-") }) {
        try await expectAll(sent, step)
        try restore(damaged)
      }
    }
    throw StoreFailure.failed("there is no end to the steps")
  }

  /// How the damage is met: by a start, of a table's root or of the first page, without which the file is no database any more; or
  /// looked for by the command, for a start would not meet it.
  enum Way { case root, firstPage, command }

  /// All faults with the one; the others differ from it in their first steps.
  static let cases: [(Way, FaultPlan.Fault)] =
    StepFaults.split.map { (.root, $0) }
    + [(.firstPage, .fails(EIO)), (.command, .fails(EIO))]

  @Test(arguments: cases) func rescuing(_ way: Way, _ fault: FaultPlan.Fault) async throws {
    let sent = try await fill()
    switch way {
    case .root: try damage(try page(of: "parcels"))
    case .firstPage: try damage(1)
    case .command: try damage(try page(of: "parcels_mail"))
    }
    let points = try await failInTurn(fault, sent) {
      if way == .command {
        _ = try MailStore.salvage(fixture.configuration())
      } else {
        let store = try open()
        fixture.faults.clear()
        await store.close()
      }
    }
    if fault.countsOnDatabase {
      #expect(points.isSuperset(of: ["migration.step", "salvage.insert", "salvage.commit", "database.checkpoint"]))
    }
    if fault.countsOnFiles {
      #expect(
        points.isSuperset(of: [
          "rescue.create", "rescue.sync", "rescue.whole", "rescue.aside", "rescue.place", "salvage.read",
          "content.mistrust",
        ]))
    }
  }

  /// Damage that is met while the store is in use. The mail that meets it is refused, and so are those whose turn a failed step of the
  /// salvage is; then mail is taken again, without a restart.
  @Test(arguments: [FaultPlan.Fault.fails(EIO), .failsOnFile(ENOSPC), .refuses(SQLITE_BUSY)])
  func inUse(_ fault: FaultPlan.Fault) async throws {
    let sent = try await fill()
    let leaf = try page(of: "parcels_due")
    let well = try snapshot()
    var isOver = false
    var call = 1
    while !isOver {
      let store = try fixture.open {
        $0.contentInDatabase = 1000
        $0.repairPause = .zero
      }
      try damageInPlace(fixture.database, page: leaf)
      await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store) }
      // Each try meets the next step, until the salvaged file is in place.
      while true {
        let before = fixture.faults.injected
        fixture.faults.inject(fault, call: call)
        let id = try? await fixture.commit(to: store)
        fixture.faults.clear()
        isOver = fixture.faults.injected == before
        let names = try files.names(in: fixture.path + "/state", at: "test")
        if id != nil || names.contains(where: { $0.contains(".salvaged-") || $0.contains(".damaged-") }) { break }
        call += 1
        try #require(call < 500)
      }
      let step = "\(fixture.faults.spoilt.last.map(\.description) ?? "?") (\(call))"
      #expect((try? await fixture.commit(to: store)) != nil, "no mail is taken after \(step)")
      await store.close()
      if fixture.faults.spoilt.last == "salvage.read", let aside = try asides().first {
        _ = try MailStore.salvage(fixture.configuration(), from: fixture.path + "/state/" + aside)
      }
      let rows = try fixture.query("SELECT id FROM messages")
      #expect(sent.keys.allSatisfy { rows.contains("\($0)") }, "after \(step)")
      #expect(try fixture.query("PRAGMA integrity_check") == ["ok"])
      try restore(well)
      call += 1
    }
    #expect(call > 30)
  }

  /// The mails of a file that was set aside come back, with content that a start moved to `lost`. A try that fails takes nothing away.
  @Test(arguments: StepFaults.split) func merging(_ fault: FaultPlan.Fault) async throws {
    let sent = try await fill()
    let old = fixture.path + "/state/old.db"
    try files.rename(fixture.database, to: old, at: "test")
    await (try open()).close()
    #expect(fixture.contentFiles == ["lost"])
    let before = try snapshot()
    var steps = 0
    while true {
      steps += 1
      let injected = fixture.faults.injected
      fixture.faults.inject(fault, call: steps)
      var failure: (any Error)?
      do { _ = try MailStore.salvage(fixture.configuration(), from: old) } catch { failure = error }
      fixture.faults.clear()
      if fixture.faults.injected == injected {
        #expect(failure == nil)
        break
      }
      let step = "\(fixture.faults.spoilt.last.map(\.description) ?? "?") (\(steps))"
      // A server that starts in between must not take what was fetched for rubbish.
      await (try open()).close()
      if try fixture.query("SELECT count(*) FROM messages") != ["0"] {
        _ = try MailStore.salvage(fixture.configuration(), from: old)
        try await expectAll(sent, step)
        try restore(before)
      }
      try #require(steps < 500)
    }
    try await expectAll(sent, "all")
    #expect(steps > 12)
  }
}
