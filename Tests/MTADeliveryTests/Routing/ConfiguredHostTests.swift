import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// Servers that the settings name are looked up among the hosts of the machine; exchangers in the DNS alone.
struct ConfiguredHostTests {
  static let text = "Subject: x\r\n\r\nend\r\n"

  /// The DNS sends everything to an address where nobody is, the machine to the sink.
  static func setup(_ sink: SinkServer) throws -> Setup {
    var setup = Setup(remotePort: sink.port)
    try setup.zone.add("relay.example A 127.0.0.9\na.example MX 10 relay.example\nb.example A 127.0.0.9")
    setup.configuration.hosts = try LiteralZone(
      "relay.example A 127.0.0.1\ndove_cot A 127.0.0.1\nb.example A 127.0.0.1")
    return setup
  }

  @Test func aSmarthostOfTheMachine() async throws {
    try await SinkServer.serving(host: "127.0.0.1") { sink in
      var setup = try Self.setup(sink)
      setup.configuration.smarthost = HostAndPort("relay.example:\(sink.port)")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }

  @Test(arguments: ["smtp:relay.example", "lmtp:dove_cot"]) func aRouteToTheMachine(_ target: String) async throws {
    try await SinkServer.serving(SinkServer.Behaviour(isLMTP: target.hasPrefix("lmtp"))) { sink in
      var setup = try Self.setup(sink)
      setup.configuration.routes = DomainTable(["*": DeliveryRoute(try #require(RouteTarget("\(target):\(sink.port)")))]
      )
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }

  @Test func localDeliveryByTheMachine() async throws {
    try await SinkServer.serving(SinkServer.Behaviour(isLMTP: true)) { sink in
      var setup = try Self.setup(sink)
      setup.configuration.localDelivery = .lmtp(try #require(HostAndPort("dove_cot:\(sink.port)")))
      try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }

  /// By MX, by the domain's own address, and by a route that leads to exchangers.
  @Test(arguments: ["x@a.example", "x@b.example", "x@c.example"]) func exchangersAreTheDNSs(_ address: String)
    async throws
  {
    try await SinkServer.serving { sink in
      var setup = try Self.setup(sink)
      setup.configuration.routes = DomainTable(["c.example": DeliveryRoute(try #require(RouteTarget("mx:a.example")))])
      try setup.queue.add(.test("m1", to: [address], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 1))
      #expect(sink.connections == 0)
    }
  }

  /// DANE needs the DNS's word for the address, too.
  @Test func aServerThatDANEVouchesForIsTheDNSs() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.zone = try LiteralZone(
        "relay.example A 127.0.0.1\n_\(sink.port)._tcp.relay.example TLSA 3 1 1 \(TestCertificate.keyDigest)",
        authenticated: true)
      setup.configuration.hosts = try LiteralZone("relay.example A 127.0.0.9")
      setup.configuration.smarthost = HostAndPort("relay.example:\(sink.port)")
      setup.configuration.smarthostTLS = .dane
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }
}
