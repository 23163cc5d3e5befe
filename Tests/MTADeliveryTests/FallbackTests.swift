import MTACore
import MTADelivery
import MTATestSupport
import NIOCore
import Testing

/// The next host, the next address, the next try.
struct FallbackTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test func theNextExchangerIsTriedWhenTheBestIsSilentOrUnwilling() async throws {
    var unwilling = SinkServer.Behaviour()
    unwilling.greeting = "554 no service"
    try await SinkServer.serving(unwilling, host: "127.0.0.2") { bad in
      try await SinkServer.serving(host: "127.0.0.3", port: bad.port) { good in
        var setup = Setup(remotePort: bad.port)
        try setup.zone.add("a.example MX 5 closed.example\na.example MX 10 bad.example\na.example MX 20 good.example")
        try setup.zone.add("closed.example A 127.0.0.4")
        try setup.zone.add("bad.example A 127.0.0.2")
        try setup.zone.add("good.example A 127.0.0.3")
        try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
        try await setup.expectRun(RunSummary(delivered: 1))
        #expect(bad.connections == 1)
        #expect(good.mails.count == 1)
        #expect(setup.queue.parcels[0].result?.host == "good.example[127.0.0.3]:\(bad.port)")
      }
    }
  }

  @Test func brokenOpportunisticTLSIsFollowedByClearText() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.breaksTLS = true
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(sink.lines.prefix(3) == ["EHLO us.example", "STARTTLS", "EHLO us.example"])
      #expect(sink.connections == 2)
      #expect(setup.queue.parcels[0].result?.encryption == nil)
    }
  }

  @Test func aDeferredMailIsTriedAgainByScheduleUntilItExpires() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT") ? "451 4.3.0 not now" : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let start = setup.clock.now
      setup.queue = VolatileStore(lifetime: .seconds(2000))
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: start), content: Self.text)
      var dues: [Int64] = []
      while setup.queue.parcels[0].state == .waiting {
        _ = try await setup.runner.runOnce()
        let due = setup.queue.parcels[0].due
        dues.append((due - start).wholeMilliseconds / 1000)
        setup.clock.advance(by: due - setup.clock.now)
      }
      // 60, then 300, 900 later, then the end: a last try at expiry.
      #expect(dues == [60, 360, 1260, 2000, 2000])
      #expect(
        setup.queue.outcomes["x@a.example"]?.hasPrefix("failed 5.4.7 delivery time expired; last: 451 4.3.0") == true)
    }
  }

  @Test func ourOwnEndIsNotTriedForever() async throws {
    var setup = Setup(remotePort: 1)
    try setup.zone.add("a.example MX 10 us.example")
    try setup.zone.add("null.example MX 0 .")
    try setup.queue.add(
      .test("m1", from: "<>", to: ["x@a.example", "x@null.example"], at: setup.clock.now), content: Self.text)
    try await setup.expectRun(RunSummary(failed: 2))
    #expect(setup.queue.outcomes["x@a.example"]?.contains("5.4.6") == true)
    #expect(setup.queue.outcomes["x@null.example"]?.contains("5.1.10") == true)
  }

  @Test func contentThatIsMissingDefers() async throws {
    var setup = Setup()
    try setup.zone.add("a.example A 127.0.0.1")
    try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
    setup.queue.fail(.content, with: .failed("the content of m1 is missing"))
    try await setup.expectRun(RunSummary(deferred: 1))
  }

  @Test func outcomesThatCannotBeRecordedAreKept() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      setup.queue.fail(.record, with: .noSpace, times: 1)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(sink.mails.count == 1)
    }
  }
}
