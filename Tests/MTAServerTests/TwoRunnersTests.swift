import CrashSamples
import Foundation
import MTACore
import MTADelivery
import MTAStore
import MTASystem
import MTATestSupport
import NIOCore
import Testing

/// Two runners on one queue, as a server and a `run-queue` from cron are.
@Suite(.timeLimit(.minutes(1))) struct TwoRunnersTests {
  private func store(_ folder: String) throws -> MailStore {
    try MailStore(.init(database: folder + "/state/mta.db", queue: folder + "/queue"))
  }

  private func runner(_ store: MailStore, _ sink: SinkServer) throws -> QueueRunner {
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.usesTLS = false
    configuration.localDelivery = .smtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
    // Several turns each.
    configuration.maximumLeased = 20
    return try QueueRunner(queue: store, dns: LiteralZone(), configuration: configuration)
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

  @Test func whatADeadRunnerHadLeasedIsDueAtOnce() async throws {
    try await SinkServer.serving { sink in
      try await TemporaryFolder.using { folder in
        let store = try store(folder)
        let service = Task { try await runner(store, sink).run() }
        // Beside it, which has nothing to do, other processes accept mail, lease it, and die before they delivered it.
        for (arguments, status) in [
          (["accept", folder, "1"], 0), (["smtp", folder, "1", "content.find", "1"], SIGKILL),
        ] {
          let process = Process()
          process.executableURL = ServerProcess.binary.deletingLastPathComponent().appending(path: "CrashSubject")
          process.arguments = arguments
          process.standardOutput = FileHandle.nullDevice
          try process.run()
          process.waitUntilExit()
          #expect(process.terminationStatus == status)
        }
        for _ in 0..<1000 where sink.mails.count < CrashSample.all.count {
          try await Task.sleep(for: .milliseconds(10))
        }
        #expect(sink.mails.count == CrashSample.all.count)
        service.cancel()
        _ = try await service.value
        await store.close()
      }
    }
  }
}
