import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// Mail for domains that an operator suspended.
@Suite struct DomainSuspensionTests {
  private static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test func mailForASuspendedDomainWaitsWithoutAnAttempt() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      for name in ["a", "b"] { try setup.zone.add("\(name).example A 127.0.0.1") }
      let order = AccountOrder(.suspendDomain, "a.example", reason: "they asked\r\nus", createdAt: setup.clock.now)
      try await setup.queue.save(order)
      try setup.queue.add(
        .test("m1", to: ["x@A.example", "y@b.example", "z@sub.a.example"], at: setup.clock.now), content: Self.text)
      try setup.zone.add("sub.a.example A 127.0.0.1")
      try await setup.expectRun(RunSummary(delivered: 2, deferred: 1))
      let waiting = setup.queue.parcels[0]
      #expect("\(waiting.state) \(waiting.result?.message ?? "")" == "waiting suspended: they asked??us")
      #expect(setup.queue.parcels[0].parcel.attempts == 0)
      #expect(setup.queue.parcels[0].due == setup.clock.now + .seconds(3600))
      #expect(sink.mails.flatMap(\.to).sorted() == ["<y@b.example>", "<z@sub.a.example>"])

      // Each look anew.
      setup.clock.advance(by: .seconds(3600))
      try await setup.expectRun(RunSummary(deferred: 1))
      #expect(setup.queue.parcels[0].parcel.attempts == 0)

      #expect(try await setup.queue.removeOrder(.suspendDomain, "a.example"))
      #expect(try await setup.queue.resumeDeliveries(to: Domain("a.example")) == 1)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(setup.queue.parcels[0].state == .delivered)
    }
  }

  /// One transaction for a smarthost has copies for many domains.
  @Test func aSmarthostGetsTheOtherCopies() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      let end = setup.clock.now + .seconds(600)
      let order = AccountOrder(.suspendDomain, "a.example", until: end, createdAt: setup.clock.now)
      try await setup.queue.save(order)
      try setup.queue.add(
        .test("m1", to: ["x@a.example", "y@b.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1, deferred: 1))
      #expect(sink.mails.map(\.to) == [["<y@b.example>"]])
      // Due when the time is over, without a word.
      #expect(setup.queue.parcels[0].due == end)
      setup.clock.advance(by: .seconds(600))
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }
}
