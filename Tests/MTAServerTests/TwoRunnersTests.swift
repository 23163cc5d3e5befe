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

/// Two runners on one queue, as a server and a `run-queue` from cron are.
@Suite(.takesTurns, .endsHangs) struct TwoRunnersTests {
  private func store(_ folder: String) throws -> MailStore {
    try MailStore(.init(database: folder + "/state/mta.db", queue: folder + "/queue"))
  }

  private func runner(_ store: MailStore, _ sink: SinkServer, _ pacer: Pacer = .real) throws -> QueueRunner {
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.usesTLS = false
    configuration.localDelivery = .smtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
    // Several turns each.
    configuration.maximumLeased = 20
    return try QueueRunner(queue: store, dns: LiteralZone(), configuration: configuration, pacer: pacer)
  }

  @Test func eachParcelIsDeliveredOnce() async throws {
    try await SinkServer.serving { sink in
      try await TemporaryFolder.using { folder in
        let (one, other) = (try store(folder), try store(folder))
        let now = SystemClock().now
        for number in 0..<150 {
          let id = MailID(at: now, random: UInt32(number))
          let spool = try await one.begin(id)
          try await spool.append(ByteBuffer(string: "Subject: \(number)\r\n\r\n"))
          var envelope = try CrashSample.all[0].envelope
          envelope.id = id
          _ = try await spool.commit(envelope, trace: ByteBuffer())
        }
        async let first = runner(one, sink).runOnce()
        async let second = runner(other, sink).runOnce()
        let done = try await (first, second)
        #expect(done.0.delivered + done.1.delivered == 300)
        let subjects = sink.mails.map { $0.content.split(separator: "\r\n").last { $0.hasPrefix("Subject: ") } }
        #expect(Set(subjects).count == 150)
        #expect(sink.mails.flatMap(\.to).count == 300)
        await one.close()
        await other.close()
      }
    }
  }

  /// An operator's command, say: the runner is not told, and looks.
  @Test func whatAnotherProcessReleasesIsDeliveredSoon() async throws {
    try await SinkServer.serving { sink in
      try await TemporaryFolder.using { folder in
        let (one, other) = (try store(folder), try store(folder))
        let (held, free) = (CrashSample.all[0], CrashSample.all[1])
        try await held.commit(to: one)
        try await one.change(.hold(reason: "x"), of: held.id)
        try await free.commit(to: one)
        // It waits for nothing that falls due: once the one mail is delivered, it would sleep for ever.
        let forEver = Pacer.real.waiting(for: [.due]) { _ in try await Task.sleep(for: .seconds(3600)) }
        let service = Task { try await runner(one, sink, forEver).run() }
        try await eventually("a mail is at the next hop") { !sink.mails.isEmpty }
        try await other.change(.release, of: held.id)
        try await eventually("both mails are at the next hop") { sink.mails.count >= 2 }
        #expect(sink.mails.map(\.to.count) == [2, 2])
        service.cancel()
        _ = try await service.value
        await one.close()
        await other.close()
      }
    }
  }

  @Test func whatADeadRunnerHadLeasedIsDueAtOnce() async throws {
    try await SinkServer.serving { sink in
      try await TemporaryFolder.using { folder in
        let store = try store(folder)
        let service = Task { try await runner(store, sink).run() }
        // Beside it, which has nothing to do, another process accepts mail, has it under lease from the start, cannot deliver it, and
        // dies before it says so.
        let process = try ChildProcess(
          ServerProcess.binary.deletingLastPathComponent().appending(path: "CrashSubject").path(),
          ["arrival", folder, "1", "parcel.record", "1"])
        #expect(await process.end() == SIGKILL)
        try await eventually("a mail is at the next hop") { !sink.mails.isEmpty }
        service.cancel()
        _ = try await service.value
        await store.close()
      }
    }
  }
}
