import Foundation
import Logging
import MTACore
import MTADelivery
import MTAStore
import MTASystem
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// A mail from its acceptance to the last of its copies, each step of the store and of the Maildirs failing in its turn: two copies are
/// filed, a third fails for good, and its report is filed with the sender.
///
/// One case at a time: each has a store's files open, and threads of its own.
@Suite(.takesTurns, .serialized, .endsHangs) struct FaultyRunTests {
  private let folder = TemporaryFolder()
  private let faults = FaultPlan()
  private let clock = ManualClock()

  private func open() throws -> MailStore {
    var configuration = MailStore.Configuration(database: folder.path + "/mta.db", queue: folder.path + "/queue")
    configuration.contentInDatabase = 1000
    configuration.historyDelay = .seconds(3600)
    configuration.clock = clock
    configuration.faults = faults
    return try MailStore(configuration)
  }

  private func runner(_ store: MailStore) throws -> QueueRunner {
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.usesTLS = false
    configuration.localDelivery = .maildir(directory: folder.path + "/maildir")
    configuration.reportBurst = 1000
    return try QueueRunner(
      queue: store, dns: LiteralZone("far.example MX 0 ."), configuration: configuration, clock: clock,
      files: DurableFiles(faults: faults), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      pacer: .real.waiting(for: [.due, .retry, .interval]) { [clock] duration in
        try Task.checkCancellation()
        clock.advance(by: duration)
      })
  }

  private func accept(_ number: Int, again isAgain: Bool = false, _ store: MailStore) async throws {
    let sender = Mailbox("sender@test.example")
    let id = MailID(at: clock.now, random: UInt32(number) * 2 + (isAgain ? 1 : 0))
    var recipients: [EnvelopeRecipient] = []
    for name in ["coco", "mike"] {
      let mailbox = try #require(Mailbox(name + "@test.example"))
      recipients.append(EnvelopeRecipient(mailbox, client: ClientRecord(mailboxID: name)))
    }
    recipients.append(EnvelopeRecipient(Mailbox("nobody@far.example")))
    let envelope = Envelope(
      id: id, reversePath: .mailbox(sender), senderClient: ClientRecord(mailboxID: "s"),
      recipients: recipients, receivedAt: clock.now)
    let spool = try await store.begin(id)
    do {
      // Larger than what lies in the database.
      let lines = String(repeating: "some text that fills the line\r\n", count: 40)
      try await spool.append(ByteBuffer(string: "Subject: number \(number)\r\n\r\n" + lines))
      _ = try await spool.commit(envelope, trace: ByteBuffer(string: "Received: by mx.test.example\r\n"))
    } catch {
      await spool.abandon()
      throw error
    }
  }

  /// Takes the mails out of somebody's Maildir.
  private func collect(_ name: String) throws -> [String] {
    let inbox = folder.path + "/maildir/test.example/\(name)/new/"
    return try ((try? FileManager.default.contentsOfDirectory(atPath: inbox)) ?? []).map { file in
      defer { try? FileManager.default.removeItem(atPath: inbox + file) }
      return try String(contentsOfFile: inbox + file, encoding: .utf8)
    }
  }

  @Test(arguments: DiskFaults.split) func everyStepFailsInTurn(_ fault: FaultPlan.Fault) async throws {
    let store = try open()
    let runner = try runner(store)
    var steps = 0
    while try await round(steps + 1, store, runner, { faults.inject(fault, call: steps + 1) }) {
      steps += 1
      try #require(steps < 500)
    }
    #expect(steps > 40)
    // Threads take their steps in any order, so one of these may have come before its turn, or behind it, each time.
    let important: [FaultPoint] =
      if case .refuses = fault {
        ["parcel.record", "mail.settle", "store.commit", "store.committed"]
      } else {
        ["spill.sync", "maildir.create", "maildir.write", "maildir.sync"]
      }
    for point in important where !faults.spoilt.contains(point) {
      steps += 1
      #expect(try await round(steps + 1, store, runner) { faults.inject(fault, at: point) }, "\(point)")
    }
    #expect(Set(faults.spoilt).isSuperset(of: important))
    await store.close()
    // Content that resisted its removal goes with a start.
    await (try open()).close()
    let files = try DurableFiles().names(in: folder.path + "/queue", at: "test")
    #expect(files.allSatisfy { $0.hasPrefix(".") }, "\(files)")
  }

  /// One mail on its whole way.
  ///
  /// - Returns: whether a step failed.
  private func round(
    _ number: Int, _ store: MailStore, _ runner: QueueRunner, _ inject: () -> Void
  ) async throws -> Bool {
    let before = faults.injected
    inject()
    // A client that is refused comes again.
    do { try await accept(number, store) } catch {
      faults.clear()
      try await accept(number, again: true, store)
    }
    _ = try? await runner.runOnce()
    faults.clear()
    let point = faults.injected > before ? faults.spoilt.last?.description : nil
    // What was deferred is tried again.
    clock.advance(by: .seconds(3600))
    _ = try await runner.runOnce()

    let left = try await store.list()
    #expect(left.isEmpty, "\(point ?? "-"): \(left)")
    // A copy whose name was not known to be durable is filed again.
    let most = point == "maildir.folder.sync" ? 2 : 1
    for name in ["coco", "mike"] {
      let mails = try collect(name)
      #expect((1...most).contains(mails.count), "\(number) \(point ?? "-"): \(mails.count) for \(name)")
      #expect(mails.allSatisfy { $0.contains("Subject: number \(number)\n") && $0.hasSuffix("the line\n") })
    }
    let reports = try collect("sender")
    #expect((1...most).contains(reports.count), "\(number) \(point ?? "-"): \(reports.count) reports")
    #expect(reports.allSatisfy { $0.contains("nobody@far.example") })
    let ids = reports.compactMap { $0.split(separator: "\n").first { $0.hasPrefix("Message-ID:") } }
    #expect(Set(ids).count == 1 && ids.count == reports.count, "\(number) \(point ?? "-")")
    return point != nil
  }
}
