import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// A runner that hands the queue over to another while deliveries are under way.
struct RetiringTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test(.endsHangs) func whatIsUnderWayEndsAndTheRestIsTheNext() async throws {
    let (arrivals, arrival) = AsyncStream.makeStream(of: String.self)
    var behaviour = SinkServer.Behaviour()
    behaviour.endOfContent = { _ in
      arrival.yield("content")
      return "250 ok"
    }
    behaviour.answer = { line, _ in
      if line.hasPrefix("RCPT TO:<slow@") {
        arrival.yield("slow")
        return .silence
      }
      return nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      // Long before this is over, the second runner has delivered.
      setup.configuration.gracePeriod = .milliseconds(50)
      try setup.queue.add(.test("m1", to: ["slow@a.example"], at: setup.clock.now), content: Self.text)
      let (first, second) = (try setup.runner, try setup.runner)
      let old = Task { try await first.run() }
      var taken = arrivals.makeAsyncIterator()
      #expect(await taken.next() == "slow")
      await first.retire()
      let new = Task { try await second.run() }
      try setup.queue.add(.test("m2", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      #expect(await taken.next() == "content")
      // The old one still has its mail, and no other runner took it.
      let slow = try #require(setup.queue.parcels.first { $0.parcel.recipient.mailbox.localPart == "slow" })
      #expect(slow.owner != nil)
      old.cancel()
      #expect(try await old.value == RunSummary())
      new.cancel()
      #expect(try await new.value.delivered == 1)
    }
  }

  @Test(.endsHangs) func aRunnerThatHasNothingToDoEndsAtOnce() async throws {
    let setup = Setup(remotePort: 1)
    let early = try setup.runner
    await early.retire()
    #expect(try await early.run() == RunSummary())
  }
}
