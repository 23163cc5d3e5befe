import MTACore
import MTATestSupport
import Testing

@testable import MTADelivery

/// What is remembered of servers, for those who would send them what they do not take.
struct NextHopMemoryTests {
  @Test(
    arguments: [
      ([], NextHopLack([.requireTLS, .smtpUTF8, .eightBitMIME])), (["8BITMIME"], [.requireTLS, .smtpUTF8]),
      (["8BITMIME", "SMTPUTF8", "REQUIRETLS"], .requireTLS),
    ] as [([String], NextHopLack)])
  func aServersOfferIsRemembered(offer: [String], lack: NextHopLack) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = offer
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.routes = DomainTable([
        "b.example": DeliveryRoute(.smtp(HostAndPort("127.0.0.1:\(sink.port)")!))
      ])
      let memory = NextHopMemory(clock: setup.clock)
      setup.configuration.nextHops = memory
      let router = Router(dns: setup.zone, configuration: setup.configuration)
      #expect(memory.lack(of: Domain("a.example"), by: router) == [])
      let envelope = Envelope.test("m1", from: "<>", to: ["x@a.example", "x@b.example"], at: setup.clock.now)
      try setup.queue.add(envelope, content: "Subject: x\r\n\r\nend\r\n")
      try await setup.expectRun(RunSummary(delivered: 2))
      for name in ["a.example", "b.example"] { #expect(memory.lack(of: Domain(name)!, by: router) == lack, "\(name)") }
      #expect(memory.lack(of: Domain("c.example"), by: router) == [])
      setup.clock.advance(by: NextHopMemory.lifetime)
      #expect(memory.lack(of: Domain("a.example"), by: router) == [])
    }
  }

  /// However many domains there are.
  @Test func memoryIsBounded() {
    let memory = NextHopMemory(clock: ManualClock())
    for number in 0...NextHopMemory.maximumPlaces {
      memory.note(ServerCapabilities(), isSecured: false, at: .exchangers(of: Domain("d\(number).example")!))
    }
    #expect(memory.lack(at: .exchangers(of: Domain("d0.example"))) == [])
    #expect(memory.lack(at: .exchangers(of: Domain("d\(NextHopMemory.maximumPlaces).example")!)).contains(.smtpUTF8))
  }
}
