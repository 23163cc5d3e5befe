import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import Testing

/// Routes over real sockets.
struct RouteDeliveryTests {
  static let text = "Subject: x\r\n\r\nend\r\n"

  @Test func aRouteLeadsPastTheDNS() async throws {
    try await SinkServer.serving { sink in
      try await SinkServer.serving(SinkServer.Behaviour(isLMTP: true)) { lmtp in
        var setup = Setup(remotePort: 1)
        setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
        let target = try #require(RouteTarget("lmtp:127.0.0.1:\(lmtp.port)"))
        setup.configuration.routes = DomainTable([
          ".lab.example": DeliveryRoute(target), "gone.example": DeliveryRoute(.fail("we have moved")),
          "later.example": DeliveryRoute(.hold("not now")),
        ])
        try setup.queue.add(
          .test(
            "m1", from: "<>", to: ["x@a.lab.example", "x@other.example", "x@gone.example", "x@later.example"],
            at: setup.clock.now), content: Self.text)
        try await setup.expectRun(RunSummary(delivered: 2, deferred: 1, failed: 1))
        #expect(sink.mails.map(\.to) == [["<x@other.example>"]])
        #expect(lmtp.mails.map(\.to) == [["<x@a.lab.example>"]])
        #expect(lmtp.lines.first == "LHLO us.example")
        #expect(setup.queue.outcomes["x@gone.example"] == "failed 5.7.1 we have moved")
        #expect(setup.queue.outcomes["x@later.example"] == "waiting 4.3.2 not now")
      }
    }
  }

  /// RFC 8314: TLS before the greeting, and credentials behind it.
  @Test func tlsFromTheFirstByte() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.isImplicitTLS = true
    behaviour.capabilities.append("AUTH PLAIN")
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.trustRoots = TestCertificate.trust
      let route = DeliveryRoute(
        .smtps(HostAndPort("127.0.0.1:\(sink.port)")!), credentials: Credentials(username: "u", password: "p"))
      setup.configuration.routes = DomainTable(["*": route])
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(sink.lines.prefix(2) == ["EHLO us.example", "AUTH PLAIN AHUAcA=="])
      #expect(setup.queue.parcels[0].result?.encryption?.hasPrefix("TLSv1.3 ") == true)
      // Without the root, the handshake fails, and nothing is said.
      setup.configuration.trustRoots = TestCertificate.Issued.trust
      try setup.queue.add(.test("m2", to: ["y@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 1))
      #expect(setup.queue.outcomes["y@a.example"]?.contains("4.7.5 the peer's certificate is not trusted") == true)
      #expect(sink.mails.count == 1)
    }
  }

  /// A pattern of `tlsPolicies` does not have a password said to whoever presents any certificate; a word of the route itself does.
  @Test func aPatternWeakensNoRouteWithCredentials() async throws {
    let cases: [(pattern: TLSDemand, own: TLSDemand?, policy: String, isSaid: Bool)] = [
      (.opportunistic, nil, "verify (there are credentials to say)", false),
      (.encrypt, nil, "verify (there are credentials to say)", false),
      (.none, nil, "verify (there are credentials to say)", false),
      (.verify, nil, "verify (set for *)", false),
      (.verify, .encrypt, "encrypt (set for the route)", true),
    ]
    for (pattern, own, policy, isSaid) in cases {
      var behaviour = SinkServer.Behaviour()
      behaviour.tls = try TestCertificate.server()
      behaviour.capabilities.append("AUTH PLAIN")
      try await SinkServer.serving(behaviour) { sink in
        var setup = Setup()
        setup.configuration.trustRoots = TestCertificate.Issued.trust
        setup.configuration.tlsPolicies = DomainTable(["*": pattern])
        let route = DeliveryRoute(
          .smtp(HostAndPort("127.0.0.1:\(sink.port)")!), credentials: Credentials(username: "u", password: "p"),
          tls: own)
        setup.configuration.routes = DomainTable(["*": route])
        try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
        try await setup.expectRun(isSaid ? RunSummary(delivered: 1) : RunSummary(deferred: 1))
        #expect(setup.policies == [policy], "\(pattern)")
        #expect(sink.lines.contains { $0.hasPrefix("AUTH") } == isSaid, "\(pattern)")
      }
    }
  }

  @Test func connectionsLeaveFromTheAddressThatIsSet() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nb.example A 127.0.0.1")
      setup.configuration.sourceAddresses = try #require(SourceAddresses([IPAddress("127.0.0.77")!]))
      let way = DeliveryRoute(.exchangers, sources: SourceAddresses([IPAddress("127.0.0.78")!]))
      setup.configuration.routes = DomainTable(["b.example": way])
      try setup.queue.add(.test("m1", to: ["x@a.example", "x@b.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 2))
      #expect(Set(sink.clients) == ["127.0.0.77", "127.0.0.78"])
    }
  }

  /// An address that is our own listening address, behind a name that is not ours.
  @Test func mailDoesNotGoRoundInCirclesByAddress() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.ownPlaces = OwnPlaces([OwnPlaces.Place(nil, port: sink.port)])
      try setup.zone.add("a.example MX 10 alias.example\nalias.example A 127.0.0.1")
      try setup.queue.add(.test("m1", from: "<>", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(failed: 1))
      #expect(sink.connections == 0)
      #expect(setup.queue.outcomes["x@a.example"] == "failed 5.4.6 mail for a.example loops back to this server")
    }
  }

  @Test func bothFamiliesAreTried() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example AAAA ::1\na.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
    }
  }
}
