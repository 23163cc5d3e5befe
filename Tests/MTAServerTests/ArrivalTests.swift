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

/// A store and a service in one process: mail goes from the one to the other without being searched for.
@Suite(.takesTurns, .endsHangs) struct ArrivalTests {
  private let faults = FaultPlan()

  private func commit(_ number: Int, to store: MailStore) async throws {
    var envelope = try CrashSample.all[0].envelope
    envelope.id = MailID(at: SystemClock().now, random: UInt32(number))
    envelope.recipients.removeLast()
    let spool = try await store.begin(envelope.id)
    try await spool.append(ByteBuffer(string: "Subject: \(number)\r\n\r\n"))
    _ = try await spool.commit(envelope, trace: ByteBuffer())
  }

  private func serving(
    leasing maximum: Int? = nil, hooks: (any DeliveryHooks)? = nil,
    _ body: (MailStore, SinkServer) async throws -> Void
  ) async throws -> RunSummary {
    try await SinkServer.serving { sink in
      try await TemporaryFolder.using { folder in
        var storing = MailStore.Configuration(database: folder + "/mta.db", queue: folder + "/queue")
        storing.faults = faults
        let store = try MailStore(storing)
        var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
        configuration.usesTLS = false
        // Else a slow machine would let it go by between two mails.
        configuration.standby = .seconds(3600)
        configuration.localDelivery = .smtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
        if let maximum { configuration.maximumLeased = maximum }
        configuration.hooks = hooks
        let runner = try QueueRunner(queue: store, dns: LiteralZone(), configuration: configuration)
        let service = Task { try await runner.run() }
        // It has looked at the queue, and waits.
        try await eventually("the runner has looked at the queue") { faults.calls.contains("due.find") }
        try await body(store, sink)
        service.cancel()
        let summary = try await service.value
        await store.close()
        return summary
      }
    }
  }

  @Test func mailsAreDeliveredWithoutAClaimOverOneConnectionAndUnread() async throws {
    let summary = try await serving { store, sink in
      for number in 1...20 {
        try await commit(number, to: store)
        try await eventually("mail \(number) is at the next hop") { sink.mails.count >= number }
      }
      #expect(sink.mails.map { $0.content.hasSuffix("\r\n\r\n") } == Array(repeating: true, count: 20))
      #expect(sink.connections == 1)
    }
    #expect(summary == RunSummary(delivered: 20))
    #expect(!faults.calls.contains("claim.mail"))
    #expect(!faults.calls.contains("content.find"))
  }

  /// More than the runner may have in memory: the rest waits in the queue, and is fetched.
  @Test func aFloodWaitsInTheQueue() async throws {
    let summary = try await serving(leasing: 8) { store, sink in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 1...200 { group.addTask { try await commit(number, to: store) } }
        try await group.waitForAll()
      }
      try await eventually("all 200 mails are at the next hop") { sink.mails.count >= 200 }
      #expect(Set(sink.mails.map(\.content)).count == 200)
    }
    #expect(summary == RunSummary(delivered: 200))
    #expect(faults.calls.contains("claim.mail"))
  }

  /// What hooks sort comes by the same way.
  @Test func hooksAreAskedAboutArrivals() async throws {
    struct Holding: DeliveryHooks {
      func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict { .hold("a test") }
    }
    let summary = try await serving(hooks: Holding()) { store, sink in
      for number in 1...5 { try await commit(number, to: store) }
      try await eventually("five outcomes are recorded") {
        faults.calls.count { $0 == "parcel.record" } >= 5
      }
      #expect(sink.mails.isEmpty)
    }
    #expect(summary == RunSummary(held: 5))
  }
}
