import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// A foreign domain does not have its mail sent to this machine (`ignoreTargets`).
struct IgnoredTargetTests {
  private static let text = "Subject: x\r\n\r\nend\r\n"
  private static let refusal =
    "failed 5.1.2 the exchangers of a.example are in networks that no foreign mail is sent to"

  private static func outcome(
    _ zone: String, to recipient: String = "x@a.example",
    adjusting: (inout QueueRunner.Configuration, UInt16) -> Void = { _, _ in }
  ) async throws -> (outcome: String?, connections: Int) {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.ignoreTargets = Network.noTargets
      setup.zone = try LiteralZone(zone)
      adjusting(&setup.configuration, sink.port)
      try setup.queue.add(.test("m1", from: "<>", to: [recipient], at: setup.clock.now), content: text)
      _ = try await setup.runner.runOnce()
      return (setup.queue.outcomes[recipient], sink.connections)
    }
  }

  @Test(arguments: [
    "a.example MX 10 mx.example\nmx.example A 127.0.0.1", "a.example A 127.0.0.1", "a.example AAAA ::1",
    "a.example MX 10 localhost", "a.example MX 10 mx.example\nmx.example AAAA ::127.0.0.1",
    "a.example A 127.0.0.1\na.example A 0.0.0.0\na.example AAAA 64:ff9b::7f00:1",
    "a.example MX 10 one.example\na.example MX 20 two.example\none.example A 127.0.0.1\ntwo.example A 169.254.1.1",
  ])
  func mailForItFailsAtOnce(zone: String) async throws {
    let (outcome, connections) = try await Self.outcome(zone)
    #expect(outcome == Self.refusal)
    #expect(connections == 0)
  }

  @Test(arguments: ["x@[127.0.0.1]", "x@[IPv6:::1]", "x@[0.0.0.0]"])
  func addressLiteralsAreHeldToItToo(recipient: String) async throws {
    let (outcome, connections) = try await Self.outcome("", to: recipient)
    #expect(outcome?.hasPrefix("failed 5.1.2 ") == true)
    #expect(connections == 0)
  }

  /// The operator's word.
  @Test func whatTheSettingsNameIsNotAskedAbout() async throws {
    let zone = "a.example A 127.0.0.1\nb.example A 127.0.0.1"
    for change: (inout QueueRunner.Configuration, UInt16) -> Void in [
      { $0.smarthost = HostAndPort("127.0.0.1:\($1)") }, { $0.smarthost = HostAndPort("localhost:\($1)") },
      { $0.routes = DomainTable(["a.example": DeliveryRoute(.smtp(HostAndPort("b.example:\($1)")!))]) },
      { configuration, _ in
        configuration.routes = DomainTable(["*": DeliveryRoute(.exchangersOf(DNSName("b.example")))])
      },
      { configuration, _ in configuration.ignoreTargets = [] },
    ] {
      let (outcome, _) = try await Self.outcome(zone, adjusting: change)
      #expect(outcome == "delivered 250 2.0.0 taken")
    }
    // An exception from a wider way is no way of its own.
    let (outcome, _) = try await Self.outcome(zone) { configuration, port in
      configuration.smarthost = HostAndPort("127.0.0.1:\(port)")
      configuration.routes = DomainTable(["a.example": DeliveryRoute(.exchangers)])
    }
    #expect(outcome == Self.refusal)
  }

  /// The host that is left out says nothing about the others, and one that may come back is waited for.
  @Test func otherHostsOfTheDomainAreTried() async throws {
    let zone = """
      a.example MX 10 inside.example
      a.example MX 20 mx.example
      inside.example A 127.0.0.2
      mx.example A 127.0.0.2
      mx.example A 127.0.0.1
      """
    let delivered = try await Self.outcome(zone) { configuration, _ in
      configuration.ignoreTargets = [Network("127.0.0.2")!]
    }
    #expect(delivered.outcome == "delivered 250 2.0.0 taken")
    let deferred = try await Self.outcome(zone + "\nmx.example A 127.0.0.3") { configuration, _ in
      configuration.ignoreTargets = [Network("127.0.0.0/31")!, Network("127.0.0.2")!]
    }
    #expect(deferred.outcome?.hasPrefix("waiting 4.4.1 cannot connect") == true)
  }

  /// RFC 5321 §5.1: with us go those of the same preference, whatever their order.
  @Test func equalsOfOursAreNotTried() async throws {
    for number in 0..<4 {
      let (outcome, connections) = try await Self.outcome(
        """
        a.example MX 10 ours.example
        a.example MX 10 mx\(number).example
        ours.example A 127.0.0.9
        mx\(number).example A 127.0.0.1
        """
      ) { configuration, port in
        configuration.ignoreTargets = []
        configuration.ownPlaces = OwnPlaces([OwnPlaces.Place(IPAddress("127.0.0.9"), port: port)])
      }
      #expect(outcome == "failed 5.4.6 mail for a.example loops back to this server")
      #expect(connections == 0)
    }
  }

  @Test func policyHostsAreHeldToItToo() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: *.test.example")
    try await MTASTSTests.serving(TestCertificate.Issued.server(), policy) { sink, host in
      var setup = try MTASTSTests.setup(sink, host)
      setup.configuration.ignoreTargets = Network.noTargets
      setup.configuration.routes = DomainTable(["test.example": DeliveryRoute(.exchangersOf(DNSName("test.example")))])
      #expect(try await MTASTSTests.deliver(setup) == "delivered 250 2.0.0 taken")
      #expect(host.requests.isEmpty)
    }
  }

  // MARK: before a recipient is accepted

  @Test func domainsWithoutATargetHaveNoRoute() async throws {
    let zone = try LiteralZone(
      """
      inside.example MX 10 mx.inside.example
      mx.inside.example A 127.0.0.1
      implicit.example AAAA ::1
      half.example MX 10 mx.inside.example
      half.example MX 20 host.example
      host.example A 192.0.2.7
      lost.example MX 10 mx.inside.example
      lost.example MX 20 nowhere.example
      broken.example MX 10 mx.inside.example
      broken.example MX 20 servfail.example
      servfail.example SERVFAIL
      named.example MX 10 us.example
      named.example MX 20 host.example
      ours.example MX 10 alias.example
      ours.example MX 20 host.example
      alias.example A 192.0.2.99
      second.example MX 10 host.example
      second.example MX 20 alias.example
      equal.example MX 10 host.example
      equal.example MX 10 alias.example
      null.example MX 0 .
      """)
    let own = OwnPlaces([OwnPlaces.Place(IPAddress("192.0.2.99"), port: 25)])
    let router = Router(dns: zone, serverName: "us.example", own: own)
    var found: [String: String] = [:]
    for name in [
      "inside", "implicit", "half", "lost", "broken", "named", "ours", "second", "equal", "null", "none", "servfail",
    ] {
      found[name] =
        switch await router.mailRoute(of: try #require(DNSName(name + ".example"))) {
        case .exchangers: "taken"
        case .noSuchDomain: "none"
        case .nullMX: "null"
        case .failure: "unknown"
        }
    }
    #expect(
      found == [
        "inside": "none", "implicit": "none", "half": "taken", "lost": "taken", "broken": "taken", "named": "none",
        "ours": "none", "second": "taken", "equal": "none", "null": "null", "none": "none", "servfail": "unknown",
      ])
  }
}
