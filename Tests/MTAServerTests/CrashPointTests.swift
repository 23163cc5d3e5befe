import CrashSamples
import Foundation
import MTACore
import MTADelivery
import MTAStore
import MTASystem
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// kill -9 at each step of the file layer and of the database that a process passes, one after the other. Which those are, a run that
/// nobody kills tells: a new step is tried without anybody thinking of it. Each process is followed by a start, and by a look at what
/// is there.
@Suite(.takesTurns, .endsHangs) struct CrashPointTests {
  /// A step, and the how manieth time it is passed.
  struct Step: Hashable, Sendable {
    let point: String
    let pass: Int
  }

  /// Kills a process of `scenario` at each of its steps, in folders of their own.
  ///
  /// - Parameters:
  ///   - most: how often at a step that is passed several times.
  ///   - timed: steps that only a slow machine comes to.
  ///   - prepare: makes the folder ready; called for each.
  ///   - check: called after each killed process with the folder, the ids that were promised, and the next hop.
  private func killed(
    in scenario: String, passes most: Int = 2, leavingOut timed: Set<String> = [],
    prepare: @escaping @Sendable (String) async throws -> Void,
    check: @escaping @Sendable (String, [MailID], SinkServer, Step) async throws -> Void
  ) async throws -> Set<String> {
    let steps = try await Self.staged { folder, sink in
      try await prepare(folder)
      let (status, lines) = try await Self.run([scenario, folder, "\(sink.port)"])
      try #require(status == 0)
      var passes: [String: Int] = [:]
      for line in lines where line.hasPrefix("step ") { passes[String(line.dropFirst(5)), default: 0] += 1 }
      return passes.filter { !timed.contains($0.key) }.flatMap { point, count in
        (1...min(count, most)).map { Step(point: point, pass: $0) }
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, step) in steps.enumerated() {
        if index >= 4 { try await group.next() }
        group.addTask {
          try await Self.staged { folder, sink in
            try await prepare(folder)
            let (status, lines) = try await Self.run([scenario, folder, "\(sink.port)", step.point, "\(step.pass)"])
            #expect(status == SIGKILL, "\(step)")
            let promised = lines.filter { $0.hasPrefix("receipt ") }.compactMap { MailID(String($0.dropFirst(8))) }
            try await check(folder, promised, sink, step)
          }
        }
      }
      try await group.waitForAll()
    }
    return Set(steps.map(\.point))
  }

  /// A folder and a next hop of its own.
  private static func staged<Value>(_ body: (String, SinkServer) async throws -> Value) async throws -> Value {
    try await SinkServer.serving { sink in try await TemporaryFolder.using { try await body($0, sink) } }
  }

  private static func run(_ arguments: [String]) async throws -> (status: Int32, lines: [Substring]) {
    let output = Pipe()
    let process = try ChildProcess(
      ServerProcess.binary.deletingLastPathComponent().appending(path: "CrashSubject").path(), arguments,
      output: .descriptor(output.fileHandleForWriting.fileDescriptor))
    try output.fileHandleForWriting.close()
    let status = await process.end()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    return (status, text.split(separator: "\n"))
  }

  private static func configuration(_ folder: String) -> MailStore.Configuration {
    var configuration = MailStore.Configuration(database: folder + "/state/mta.db", queue: folder + "/queue")
    configuration.contentInDatabase = CrashSample.contentInDatabase
    configuration.spillThreshold = CrashSample.spillThreshold
    return configuration
  }

  /// A queue with all samples.
  private static func fill(_ folder: String) async throws {
    let store = try MailStore(configuration(folder))
    for sample in CrashSample.all { try await sample.commit(to: store) }
    await store.close()
  }

  private static let nothing: @Sendable (String) async throws -> Void = { _ in }

  private static func names(_ path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  /// Leases all there is, as the next runner would, and reads it; nothing but whole samples may come.
  private static func waiting(_ store: MailStore) async throws -> [MailID: Int] {
    let owner = try store.leaseRegistry.enter()
    _ = try await store.releaseLeases { store.leaseRegistry.isAlive($0) }
    let now = SystemClock().now
    var found: [MailID: Int] = [:]
    for mail in try await store.claim(
      by: owner, limit: 1000, now: now, deadline: now + .seconds(60))
    {
      let sample = try #require(CrashSample.all.first { $0.id == mail.envelope.id })
      var content = ByteBuffer()
      try await store.content(of: mail.envelope.id).forEachPiece { content.writeImmutableBuffer($0) }
      #expect(content == sample.content)
      found[mail.envelope.id] = mail.parcels.count
    }
    return found
  }

  @Test func acceptance() async throws {
    let points = try await killed(in: "accept", prepare: Self.nothing) { folder, promised, _, step in
      let store = try MailStore(Self.configuration(folder))
      let found = try await Self.waiting(store)
      // The one whose receipt was under way may be there, too; whole, if so.
      #expect(promised.allSatisfy { found[$0] == 2 } && found.values.allSatisfy { $0 == 2 }, "\(step)")
      #expect(found.count <= promised.count + 1, "\(step)")
      let files = CrashSample.all.filter {
        $0.content.readableBytes > CrashSample.contentInDatabase && found[$0.id] != nil
      }
      #expect(Self.names(folder + "/queue") == files.map { "\($0.id).content" }.sorted(), "\(step)")
      await store.close()
    }
    #expect(
      points.isSuperset(of: ["spill.write", "spill.sync-folder", "parcel.insert", "store.commit", "store.committed"]))
  }

  @Test func start() async throws {
    let points = try await killed(in: "start", passes: 1, prepare: Self.leftovers) { folder, _, _, step in
      let store = try MailStore(Self.configuration(folder))
      #expect(
        try await Self.waiting(store) == Dictionary(uniqueKeysWithValues: CrashSample.all.map { ($0.id, 2) }), "\(step)"
      )
      #expect(
        Self.names(folder + "/queue") == CrashSample.all.dropFirst().map { "\($0.id).content" }.sorted(), "\(step)")
      await store.close()
    }
    #expect(
      points.isSuperset(of: ["open.lock", "content.list", "content.unlink", "migration.begin", "database.checkpoint"]))
  }

  /// What an earlier crash may leave: leases of the dead, and content without a row.
  private static let leftovers: @Sendable (String) async throws -> Void = { folder in
    let store = try MailStore(configuration(folder))
    for sample in CrashSample.all { try await sample.commit(to: store) }
    let dead = LeaseOwner(place: LeaseFolder.place, process: 1, mark: 1)
    let now = SystemClock().now
    _ = try await store.claim(by: dead, limit: 1, now: now, deadline: now + .seconds(3600))
    await store.close()
    for name in ["1dYwrI-0iDWWN-0y.part", "1dYwrI-0iDWWN-0z.content"] {
      try Data("half".utf8).write(to: URL(filePath: folder + "/queue/" + name))
    }
  }

  /// The first page is lost, so that the start sets the file aside and carries its rows over.
  @Test func startOnADamagedDatabase() async throws {
    let points = try await killed(in: "start", prepare: Self.damaged) { folder, _, _, step in
      let store = try MailStore(Self.configuration(folder))
      #expect(
        try await Self.waiting(store) == Dictionary(uniqueKeysWithValues: CrashSample.all.map { ($0.id, 2) }), "\(step)"
      )
      // Kept, for the file with its row might have been among what cannot be read.
      #expect(Self.names(folder + "/queue/lost") == ["1dYwrI-0iDWWN-0z.content"], "\(step)")
      let names = Self.names(folder + "/state")
      #expect(names.count { $0.hasPrefix("mta.db.damaged-") && !$0.hasSuffix("-wal") } == 1, "\(step): \(names)")
      #expect(!names.contains { $0.contains("salvag") }, "\(step): \(names)")
      await store.close()
    }
    #expect(points.isSuperset(of: ["rescue.whole", "rescue.aside", "rescue.place", "salvage.commit"]))
  }

  private static let damaged: @Sendable (String) async throws -> Void = { folder in
    try await leftovers(folder)
    let handle = try FileHandle(forWritingTo: URL(filePath: folder + "/state/mta.db"))
    try handle.write(contentsOf: Data(repeating: 0x55, count: 1000))
    try handle.close()
  }

  /// Each copy is there once, whichever step the process came to.
  /// The mails of another database come back, with the content that a start put aside for want of their rows.
  @Test func mergingAnotherDatabase() async throws {
    let points = try await killed(in: "merge", passes: 1, prepare: Self.separated) { folder, _, _, step in
      // A server that starts in between takes nothing of it for rubbish.
      await (try MailStore(Self.configuration(folder))).close()
      _ = try MailStore.salvage(Self.configuration(folder), from: folder + "/state/old.db")
      let store = try MailStore(Self.configuration(folder))
      #expect(
        try await Self.waiting(store) == Dictionary(uniqueKeysWithValues: CrashSample.all.map { ($0.id, 2) }), "\(step)"
      )
      #expect(Self.names(folder + "/queue/lost").isEmpty, "\(step)")
      await store.close()
    }
    #expect(points.isSuperset(of: ["content.mistrust", "content.fetch", "salvage.insert", "salvage.commit"]))
  }

  private static let separated: @Sendable (String) async throws -> Void = { folder in
    try await fill(folder)
    try FileManager.default.moveItem(atPath: folder + "/state/mta.db", toPath: folder + "/state/old.db")
    await (try MailStore(configuration(folder))).close()
  }

  @Test func deliveryIntoMaildirs() async throws {
    let points = try await killed(in: "maildir", prepare: Self.fill) { folder, _, _, step in
      try await Self.deliverTheRest(in: folder, step)
    }
    #expect(
      points.isSuperset(of: [
        "maildir.write", "maildir.sync", "maildir.rename", "maildir.folder.sync", "parcel.record", "mail.settle",
        "content.unlink",
      ]))
  }

  /// One process dies before it recorded what it filed, mike reads some of that, another process dies: each copy is there once.
  @Test func deliveryIntoMaildirsAfterADeath() async throws {
    let points = try await killed(in: "maildir", passes: 1, prepare: Self.filedAndRead) { folder, _, _, step in
      try await Self.deliverTheRest(in: folder, step)
    }
    #expect(points.isSuperset(of: ["lease.release", "maildir.find", "maildir.rename", "parcel.record"]))
  }

  private static let filedAndRead: @Sendable (String) async throws -> Void = { folder in
    try await fill(folder)
    let (status, _) = try await run(["maildir", folder, "1", "parcel.record", "1"])
    try #require(status == SIGKILL)
    let mailbox = folder + "/maildir/test.example/mike/"
    for name in names(mailbox + "new") {
      try FileManager.default.moveItem(atPath: mailbox + "new/" + name, toPath: mailbox + "cur/\(name):2,S")
    }
  }

  /// Does what the next process would, and looks at all there is then.
  private static func deliverTheRest(in folder: String, _ step: Step) async throws {
    let store = try MailStore(configuration(folder))
    _ = try await runner(store) { $0.localDelivery = .maildir(directory: folder + "/maildir") }.runOnce()
    #expect(try await waiting(store).isEmpty, "\(step)")
    for name in ["coco", "mike"] {
      let mailbox = folder + "/maildir/test.example/\(name)/"
      let paths = ["new/", "cur/"].flatMap { part in names(mailbox + part).map { mailbox + part + $0 } }
      let mails = try paths.map { try String(contentsOfFile: $0, encoding: .utf8) }
      try expectAll(mails.map { $0.replacing("\n", with: "\r\n") }, times: 1...1, step)
    }
    await store.close()
    #expect(names(folder + "/queue").isEmpty, "\(step)")
  }

  @Test func deliveryBySMTP() async throws {
    let points = try await killed(in: "smtp", passes: 1, prepare: Self.fill) { folder, _, sink, step in
      let store = try MailStore(Self.configuration(folder))
      let address = try #require(HostAndPort("127.0.0.1:\(sink.port)"))
      _ = try await Self.runner(store) { $0.localDelivery = .smtp(address) }.runOnce()
      #expect(try await Self.waiting(store).isEmpty, "\(step)")
      await store.close()
      #expect(Self.names(folder + "/queue").isEmpty, "\(step)")
      // What the server took and no outcome was recorded of comes again (RFC 5321 §6.1).
      try Self.expectAll(sink.mails.map(\.content), times: 1...2, step)
    }
    #expect(points.isSuperset(of: ["claim.lease", "content.read", "parcel.record", "store.committed"]))
  }

  /// Mails that go from their receiver straight to the runner.
  @Test func deliveryOnArrival() async throws {
    let points = try await killed(in: "arrival", passes: 1, leavingOut: ["change.look"], prepare: Self.nothing) {
      folder, promised, sink, step in
      let store = try MailStore(Self.configuration(folder))
      let address = try #require(HostAndPort("127.0.0.1:\(sink.port)"))
      _ = try await Self.runner(store) { $0.localDelivery = .smtp(address) }.runOnce()
      #expect(try await Self.waiting(store).isEmpty, "\(step)")
      await store.close()
      #expect(Self.names(folder + "/queue").isEmpty, "\(step)")
      let copies = try Self.copies(sink.mails.map(\.content), step)
      #expect(promised.allSatisfy { (1...2).contains(copies[$0] ?? 0) }, "\(step): \(copies)")
      #expect(copies.count <= promised.count + 1 && copies.values.allSatisfy { $0 <= 2 }, "\(step): \(copies)")
    }
    #expect(
      points.isSuperset(of: ["parcel.insert", "store.committed", "content.open", "parcel.record", "mail.settle"]))
    #expect(!points.contains("claim.mail"))
  }

  @Test func outcomesWithTheirReports() async throws {
    let points = try await killed(in: "bounce", prepare: Self.fill) { folder, _, _, step in
      let store = try MailStore(Self.configuration(folder))
      _ = try await store.releaseLeases { store.leaseRegistry.isAlive($0) }
      let now = SystemClock().now
      var (originals, reports) = (Set<String>(), Set<String>())
      for mail in try await store.claim(
        by: try store.leaseRegistry.enter(), limit: 100, now: now, deadline: now + .seconds(60))
      {
        let id = mail.envelope.id.description
        if id.hasSuffix("-report") { reports.insert(String(id.dropLast(7))) } else { originals.insert(id) }
      }
      // Each mail waits, or its report does.
      #expect(originals.isDisjoint(with: reports), "\(step)")
      #expect(originals.union(reports) == Set(CrashSample.all.map(\.id.description)), "\(step)")
      await store.close()
    }
    #expect(points.isSuperset(of: ["parcel.record", "mail.insert", "mail.settle", "store.commit"]))
  }

  private static func runner(_ store: MailStore, _ adjust: (inout QueueRunner.Configuration) -> Void) throws
    -> QueueRunner
  {
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.usesTLS = false
    adjust(&configuration)
    return try QueueRunner(queue: store, dns: LiteralZone(), configuration: configuration)
  }

  /// Each sample so often, and nothing else.
  private static func expectAll(_ texts: [String], times: ClosedRange<Int>, _ step: Step) throws {
    let copies = try copies(texts, step)
    #expect(CrashSample.all.allSatisfy { times.contains(copies[$0.id] ?? 0) }, "\(step): \(copies)")
  }

  /// How often each sample is there, whole.
  private static func copies(_ texts: [String], _ step: Step) throws -> [MailID: Int] {
    var copies: [MailID: Int] = [:]
    for text in texts {
      let sample = CrashSample.all.first { text.hasSuffix(String(buffer: $0.content)) }
      copies[try #require(sample, "\(step)").id, default: 0] += 1
    }
    return copies
  }
}
