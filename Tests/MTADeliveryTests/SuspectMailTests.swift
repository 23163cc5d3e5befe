import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTADelivery

/// Mail that our own work does not come to an end with.
struct SuspectMailTests {
  /// Never ends with one mail, and heeds nobody, until it is let go.
  private final class DeafSigner: MailSigner {
    let mail: MailID
    private let work = DeafWork()

    init(_ mail: MailID) { self.mail = mail }

    func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer? {
      guard envelope.id == mail else { return nil }
      work.work()
      return nil
    }

    func hasBegun() async { await work.hasBegun() }

    func letGo() { work.letGo() }
  }

  private static func submission(_ id: String, at now: Timestamp) -> Envelope {
    .test(id, to: ["\(id)@a.example"], at: now, isSubmission: true)
  }

  @Test func aMailThatExceedsItsProcessorTimeTwiceIsHeldAndOthersGoOn() async throws {
    let bad = Self.submission("bad", at: ManualClock().now)
    let signer = DeafSigner(bad.id)
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.signer = signer
      setup.configuration.processorTime = .milliseconds(20)
      let now = setup.clock.now
      try setup.queue.add(bad, content: ServiceTests.text)
      try setup.queue.add(Self.submission("good", at: now), content: ServiceTests.text)
      try await setup.expectRun(RunSummary(delivered: 1, deferred: 1))
      #expect(setup.queue.outcomes["bad@a.example"]?.contains("processor time") == true)
      #expect(!setup.queue.parcels[0].isHeld)
      setup.clock.advance(by: .seconds(3600))
      try setup.queue.add(Self.submission("late", at: setup.clock.now), content: ServiceTests.text)
      _ = try await setup.runner.runOnce()
      #expect(sink.mails.map(\.to).sorted { $0[0] < $1[0] } == [["<good@a.example>"], ["<late@a.example>"]])
      #expect(setup.queue.parcels[0].isHeld && setup.queue.parcels[0].state == .waiting)
      // Nobody takes it again.
      setup.clock.advance(by: .seconds(3600))
      try await setup.expectRun(RunSummary())
    }
    signer.letGo()
  }

  @Test func theEndOfTheServiceDoesNotWaitForIt() async throws {
    let bad = Self.submission("bad", at: ManualClock().now)
    let signer = DeafSigner(bad.id)
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.signer = signer
      setup.configuration.gracePeriod = .milliseconds(50)
      try setup.queue.add(bad, content: ServiceTests.text)
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      await signer.hasBegun()
      service.cancel()
      #expect(try await service.value == RunSummary())
      let entry = setup.queue.parcels[0]
      #expect(entry.state == .waiting && entry.owner == nil && entry.parcel.attempts == 0)
    }
    signer.letGo()
  }

  /// What it had keeps its lease, for it may yet be delivered.
  @Test func anAgentThatDoesNotHeedTheEndIsLeftBehind() async throws {
    let (begun, begins) = AsyncStream.makeStream(of: Void.self)
    let going = NIOLockedValueBox<CheckedContinuation<Void, Never>?>(nil)
    var setup = Setup()
    setup.configuration.gracePeriod = .milliseconds(50)
    setup.configuration.patience = .milliseconds(50)
    setup.configuration.localAgent = ClosureAgent { _, recipients in
      await withCheckedContinuation { continuation in
        going.withLockedValue { $0 = continuation }
        begins.yield()
      }
      return recipients.map { _ in .delivered("done") }
    }
    try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: ServiceTests.text)
    let runner = try setup.runner
    let service = Task { try await runner.run() }
    for await _ in begun { break }
    service.cancel()
    _ = try await service.value
    #expect(setup.queue.parcels[0].state == .working)
    #expect(setup.log.lines.contains { $0.text.hasPrefix("deliveries that do not end are abandoned") })
    going.withLockedValue { $0 }?.resume()
  }
}
