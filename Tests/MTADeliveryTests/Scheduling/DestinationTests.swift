import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

/// What is one destination, and what one destination may not do to another.
struct DestinationTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test func domainsWithTheSameServersShareOneConnection() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      try setup.zone.add("mx.example A 127.0.0.1")
      for number in 0..<5 {
        try setup.zone.add("d\(number).example MX 10 mx.example")
        try setup.queue.add(.test("m\(number)", to: ["x@d\(number).example"], at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 5))
      #expect(sink.connections == 1)
      #expect(sink.mails.count == 5)
    }
  }

  @Test func urgentMailGoesFirst() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      try setup.zone.add("a.example A 127.0.0.1")
      for (number, priority) in [0, -3, 4, 0, 9].enumerated() {
        var envelope = Envelope.test("m\(number)", to: ["u\(number)@a.example"], at: setup.clock.now)
        envelope.requests.priority = priority
        try setup.queue.add(envelope, content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 5))
      #expect(sink.mails.flatMap(\.to) == ["u4", "u2", "u0", "u3", "u1"].map { "<\($0)@a.example>" })
    }
  }

  /// Much for one destination that takes its time does not keep another's mail in the queue.
  @Test(.endsHangs) func muchForOneDestinationBlocksNoOther() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<x@much") ? .silence : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.maximumLeased = 40
      setup.configuration.gracePeriod = .milliseconds(1)
      try setup.zone.add("much.example A 127.0.0.1\nother.example A 127.0.0.1")
      for number in 0..<200 {
        try setup.queue.add(.test("m\(number)", to: ["x@much.example"], at: setup.clock.now), content: Self.text)
      }
      try setup.queue.add(.test("other", to: ["x@other.example"], at: setup.clock.now), content: Self.text)
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      try await eventually("the other destination's mail is delivered") {
        setup.queue.parcels[200].state == .delivered
      }
      service.cancel()
      #expect(try await service.value == RunSummary(delivered: 1))
    }
  }

  /// Nor does one mail for very many there, which is in a worker's hands.
  @Test(.endsHangs) func oneMailForManyBlocksNoOther() async throws {
    try await expectDelivery(to: "x@other.example", past: (0..<500).map { "x\($0)@much.example" })
  }

  /// Nor does one mail that takes its time keep the next for the same destination.
  @Test(.endsHangs) func oneMailBlocksNoOther() async throws {
    try await expectDelivery(to: "x@much.example", past: ["slow@much.example"])
  }

  /// A mail goes out while another is at a server that never answers its RCPT.
  private func expectDelivery(to next: String, past stuck: [String]) async throws {
    let unanswered = Set(stuck.map { "RCPT TO:<\($0)>" })
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in unanswered.contains(line) ? .silence : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.maximumLeased = 40
      setup.configuration.gracePeriod = .milliseconds(1)
      try setup.zone.add("much.example A 127.0.0.1\nother.example A 127.0.0.1")
      try setup.queue.add(.test("stuck", to: stuck, at: setup.clock.now), content: Self.text)
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      try await eventually("the next hop hears what it does not answer") {
        sink.lines.contains(where: unanswered.contains)
      }
      try setup.queue.add(.test("next", to: [next], at: setup.clock.now), content: Self.text)
      try await eventually("the next mail is delivered") {
        setup.clock.advance(by: .milliseconds(10))
        return setup.queue.parcels[stuck.count].state == .delivered
      }
      service.cancel()
      #expect(try await service.value == RunSummary(delivered: 1))
    }
  }

  @Test(.endsHangs) func whatCannotBeReachedRestsAndWakes() async throws {
    var unwilling = SinkServer.Behaviour()
    unwilling.greeting = "554 no service"
    try await SinkServer.serving(unwilling) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("dead.example A 127.0.0.1")
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      func deliver(_ id: String, _ place: Int) async throws {
        try setup.queue.add(.test(id, to: ["x@dead.example"], at: setup.clock.now), content: Self.text)
        try await eventually("mail \(id) has an outcome") { setup.queue.parcels[place].result != nil }
      }
      try await deliver("m1", 0)
      #expect(sink.connections == 1)
      try await deliver("m2", 1)
      #expect(sink.connections == 1)
      #expect(setup.queue.parcels[1].result?.message == "554 no service (in reply to the connection)")
      setup.clock.advance(by: .seconds(31))
      try await deliver("m3", 2)
      #expect(sink.connections == 2)
      service.cancel()
      _ = try await service.value
    }
  }

  @Test func aRateIsKept() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("slow.example A 127.0.0.1\nfast.example A 127.0.0.1")
      let limit = DestinationLimit(interval: .milliseconds(60))
      let isSet = setup.configuration.destinationLimits.set(limit, for: "slow.example")
      #expect(isSet)
      for number in 0..<4 {
        try setup.queue.add(.test("s\(number)", to: ["x@slow.example"], at: setup.clock.now), content: Self.text)
      }
      let clock = setup.clock
      let times = NIOLockedValueBox<[Duration]>([])
      // Sleeping turns the clock.
      let runner = try QueueRunner(
        queue: setup.queue, dns: setup.zone, configuration: setup.configuration, clock: clock, logger: quiet,
        pacer: .real.waiting(for: [.due, .retry, .interval]) { pause in
          times.withLockedValue { $0.append(pause) }
          clock.advance(by: pause)
        })
      #expect(try await runner.runOnce() == RunSummary(delivered: 4))
      #expect(times.withLockedValue { $0.filter { $0 == .milliseconds(60) }.count } >= 3)
      #expect(sink.connections == 1)
    }
  }
}
