import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

/// All that a runner waits for by the clock can be turned by hand.
@Suite(.endsHangs) struct PacerTests {
  /// What a runner waited for, each occasion with its durations.
  private final class Record: Sendable {
    private let waits = NIOLockedValueBox<[Pacer.Occasion: Set<Duration>]>([:])

    func note(_ duration: Duration, _ occasion: Pacer.Occasion) {
      waits.withLockedValue { _ = $0[occasion, default: []].insert(duration) }
    }

    subscript(_ occasion: Pacer.Occasion) -> Set<Duration> { waits.withLockedValue { $0[occasion] ?? [] } }
  }

  private func runner(_ setup: Setup, _ record: Record, atOnce occasions: Set<Pacer.Occasion>) throws -> QueueRunner {
    try QueueRunner(
      queue: setup.queue, dns: setup.zone, configuration: setup.configuration, clock: setup.clock,
      logger: setup.log.logger,
      pacer: Pacer { duration, occasion in
        record.note(duration, occasion)
        try await Task.sleep(for: occasions.contains(occasion) ? .milliseconds(1) : .seconds(3600))
      })
  }

  @Test func aHookIsLateWhenThePacerSaysSo() async throws {
    struct Deaf: DeliveryHooks {
      func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict {
        try await Task.sleep(for: .seconds(3600))
        return .proceed
      }
    }
    var setup = Setup()
    setup.configuration.hooks = Deaf()
    try setup.queue.add(.test("m", to: ["x@a.example"], at: setup.clock.now), content: "\r\nx\r\n")
    let record = Record()
    let summary = try await runner(setup, record, atOnce: [.hook]).runOnce()
    #expect(summary == RunSummary(deferred: 1))
    #expect(record[.hook] == [.seconds(30)])
  }

  /// Neither the look at leases nor the grace period takes real time.
  @Test func theDeadAndTheEndAreWaitedForByThePacer() async throws {
    var behaviour = SinkServer.Behaviour()
    let (stuck, sticks) = AsyncStream.makeStream(of: Void.self)
    behaviour.answer = { line, _ in
      guard line.hasPrefix("RCPT") else { return nil }
      sticks.yield()
      return .silence
    }
    try await SinkServer.serving(behaviour) { sink in
      var adjusted = Setup(remotePort: sink.port)
      try adjusted.zone.add("a.example A 127.0.0.1")
      let setup = adjusted
      try setup.queue.add(.test("m", to: ["x@a.example"], at: setup.clock.now), content: "\r\nx\r\n")
      let dead = LeaseOwner(place: "memory", process: 1, mark: 1)
      let now = setup.clock.now
      let record = Record()
      let service = Task { try await runner(setup, record, atOnce: [.leaseLook, .grace]).run() }
      try await eventually("it waits for the next look at lanes") { !record[.laneLook].isEmpty }
      // Or the dead one would claim that, too.
      try await eventually("the first mail is claimed") { setup.queue.parcels.first?.owner != nil }
      var later = Envelope.test("n", to: ["y@a.example"], at: now)
      later.requests.holdUntil = now + .seconds(1)
      try setup.queue.add(later, content: "\r\nx\r\n")
      let claimed = try await setup.queue.claim(by: dead, limit: 9, now: now + .seconds(1), deadline: now)
      #expect(claimed.count == 1)
      setup.clock.advance(by: .seconds(1))
      var sticking = stuck.makeAsyncIterator()
      await sticking.next()
      try await eventually("the dead one's mail is taken over") { setup.queue.parcels[1].owner != dead }
      service.cancel()
      _ = try await service.value
      #expect(record[.laneLook] == [.seconds(1)] && record[.leaseLook] == [.seconds(2)])
      #expect(record[.grace] == [.seconds(30)])
      #expect(setup.queue.parcels.allSatisfy { $0.state == .waiting && $0.owner == nil })
    }
  }
}
