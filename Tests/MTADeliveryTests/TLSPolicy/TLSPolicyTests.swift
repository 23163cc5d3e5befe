import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import Testing

/// Policies of the settings, what REQUIRETLS makes of them, and which connections may be used again.
struct TLSPolicyTests {
  static let text = "Subject: x\r\n\r\nend\r\n"

  static func serving(
    _ tls: TLSContext?, _ capabilities: [String] = [], _ body: (SinkServer, inout Setup) async throws -> Void
  ) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = tls
    behaviour.capabilities += capabilities
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      setup.configuration.trustRoots = TestCertificate.Issued.trust
      try setup.zone.add("a.example MX 10 mx.test.example\nmx.test.example A 127.0.0.1")
      try await body(sink, &setup)
    }
  }

  static func deliver(
    _ setup: Setup, requireTLS: Bool = false, from sender: String = "<s@sender.example>",
    to address: String = "x@a.example"
  ) async throws -> String {
    let envelope = envelope("m\(setup.queue.parcels.count)", setup, requireTLS, from: sender, to: address)
    try setup.queue.add(envelope, content: text)
    _ = try await setup.runner.runOnce()
    return setup.queue.outcomes[address] ?? ""
  }

  /// Nobody is told of it.
  static func envelope(
    _ id: String, _ setup: Setup, _ requireTLS: Bool, from sender: String = "<s@sender.example>", to address: String
  ) -> Envelope {
    var envelope = Envelope.test(id, from: sender, to: [address], at: setup.clock.now)
    envelope.recipients[0].notification.notify = .never
    envelope.requests.requireTLS = requireTLS
    return envelope
  }

  @Test func theWordsOfTheSettings() async throws {
    let (own, issued) = (try TestCertificate.server(), try TestCertificate.Issued.server())
    let cases: [(TLSDemand, TLSContext?, String, Bool)] = [
      (.none, issued, "delivered 250", false), (.opportunistic, own, "delivered 250", true),
      (.opportunistic, nil, "delivered 250", false), (.encrypt, own, "delivered 250", true),
      (.encrypt, nil, "waiting 4.7.10 ", false), (.verify, issued, "delivered 250", true),
      (.verify, own, "waiting 4.7.5 ", false), (.verify, nil, "waiting 4.7.10 ", false),
    ]
    for (demand, tls, expected, isEncrypted) in cases {
      try await Self.serving(tls) { sink, setup in
        setup.configuration.tlsPolicies = DomainTable(["*": demand])
        let outcome = try await Self.deliver(setup)
        #expect(outcome.hasPrefix(expected), "\(demand)")
        #expect(setup.policies == ["\(demand) (set for *)"])
        #expect((setup.queue.parcels[0].result?.encryption != nil) == isEncrypted, "\(demand)")
        #expect(sink.mails.count == (expected.hasPrefix("delivered") ? 1 : 0))
      }
    }
  }

  @Test func tlsThatIsBrokenIsDoneWithoutOnlyWhereItMayBe() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.breaksTLS = true
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let outcome = try await Self.deliver(setup)
      #expect(outcome.hasPrefix("delivered"))
      setup.configuration.tlsPolicies = DomainTable([".example": .encrypt])
      let again = try await Self.deliver(setup, to: "y@a.example")
      #expect(again.hasPrefix("waiting 4.7.5 TLS handshake failed"))
      #expect(setup.policies.last == "encrypt (set for .example)")
    }
  }

  // MARK: REQUIRETLS (RFC 8689)

  static func authenticate(_ setup: inout Setup) throws {
    setup.zone = try LiteralZone(
      "a.example MX 10 mx.test.example\nmx.test.example A 127.0.0.1", authenticated: true)
  }

  @Test func requiredTLSIsPassedOn() async throws {
    try await Self.serving(TestCertificate.Issued.server(), ["REQUIRETLS"]) { sink, setup in
      try Self.authenticate(&setup)
      let outcome = try await Self.deliver(setup, requireTLS: true)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(sink.lines.contains { $0.hasPrefix("MAIL FROM:<s@sender.example> ") && $0.hasSuffix(" REQUIRETLS") })
      let policy = try #require(setup.policies.first)
      #expect(policy.hasPrefix("verify (the sender requires TLS; ") && policy.hasSuffix(", REQUIRETLS"))
      // Others are not asked more of than before.
      let again = try await Self.deliver(setup, to: "y@a.example")
      #expect(again.hasPrefix("delivered"))
      #expect(setup.policies.last?.hasPrefix("opportunistic (") == true)
    }
  }

  @Test func aServerThatDoesNotOfferItFailsTheMail() async throws {
    try await Self.serving(TestCertificate.Issued.server()) { sink, setup in
      try Self.authenticate(&setup)
      let outcome = try await Self.deliver(setup, requireTLS: true)
      #expect(outcome == "failed 5.7.30 the mail requires TLS all the way, and the server does not offer REQUIRETLS")
      #expect(sink.mails.isEmpty)
    }
  }

  @Test func withoutTLSOrTrustTheMailFails() async throws {
    for (tls, words) in [(nil, "does not offer it"), (try TestCertificate.server(), "is not trusted")] {
      try await Self.serving(tls, ["REQUIRETLS"]) { sink, setup in
        try Self.authenticate(&setup)
        let outcome = try await Self.deliver(setup, requireTLS: true)
        #expect(outcome.hasPrefix("failed 5.7.10 the mail requires TLS all the way: ") && outcome.contains(words))
        #expect(sink.mails.isEmpty)
      }
    }
  }

  /// Somebody may have put the exchanger there.
  @Test func exchangersThatNobodyVouchesForFailTheMail() async throws {
    try await Self.serving(TestCertificate.Issued.server(), ["REQUIRETLS"]) { sink, setup in
      let outcome = try await Self.deliver(setup, requireTLS: true)
      #expect(outcome.hasPrefix("failed 5.7.10 ") && outcome.contains("neither DNSSEC nor an enforced MTA-STS policy"))
      #expect(sink.connections == 0)
    }
  }

  /// RFC 8689 §5: a report goes on, under what TLS there would be without the wish; it is passed on where it is known.
  @Test func aReportIsNotLostForWantOfIt() async throws {
    let cases: [(TLSContext?, [String], Bool)] = [
      (nil, [], false), (nil, ["REQUIRETLS"], false), (try TestCertificate.server(), [], false),
      (try TestCertificate.server(), ["REQUIRETLS"], true),
    ]
    for (tls, capabilities, isPassedOn) in cases {
      try await Self.serving(tls, capabilities) { sink, setup in
        let outcome = try await Self.deliver(setup, requireTLS: true, from: "<>")
        #expect(outcome == "delivered 250 2.0.0 taken")
        #expect(setup.policies.first?.hasPrefix("opportunistic (") == true)
        #expect(setup.policies.first?.contains("REQUIRETLS") == false)
        #expect(sink.lines.contains { $0.hasPrefix("MAIL FROM:<>") && $0.hasSuffix(" REQUIRETLS") } == isPassedOn)
      }
    }
    // What others than the sender demand stands.
    try await Self.serving(nil) { sink, setup in
      setup.configuration.tlsPolicies = DomainTable(["a.example": .encrypt])
      let outcome = try await Self.deliver(setup, requireTLS: true, from: "<>")
      #expect(outcome.hasPrefix("waiting 4.7.10 "))
      #expect(sink.mails.isEmpty)
    }
  }

  @Test func anotherHostMayDo() async throws {
    try await Self.serving(TestCertificate.Issued.server()) { _, setup in
      var behaviour = SinkServer.Behaviour()
      behaviour.tls = try TestCertificate.Issued.server()
      behaviour.capabilities.append("REQUIRETLS")
      let port = setup.configuration.remoteSMTPPort
      try await SinkServer.serving(behaviour, host: "127.0.0.2", port: port) { second in
        setup.zone = try LiteralZone(
          """
          a.example MX 10 mx.test.example
          a.example MX 20 mx2.test.example
          mx.test.example A 127.0.0.1
          mx2.test.example A 127.0.0.2
          """, authenticated: true)
        let outcome = try await Self.deliver(setup, requireTLS: true)
        #expect(outcome == "delivered 250 2.0.0 taken")
        #expect(second.mails.count == 1)
      }
    }
  }

  /// What fails for one mail says nothing about others that wait for the same servers.
  @Test func othersDoNotWaitForAMailThatRequiresTLS() async throws {
    try await Self.serving(nil) { sink, setup in
      try Self.authenticate(&setup)
      for number in 0..<4 {
        try setup.queue.add(
          Self.envelope("m\(number)", setup, number.isMultiple(of: 2), to: "x\(number)@a.example"), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 2, failed: 2))
      #expect(sink.mails.count == 2)
    }
  }

  /// A route by which all go: a connection that is verified serves mails with and without the wish.
  @Test func aConnectionThatIsGoodEnoughIsUsedAgain() async throws {
    try await Self.serving(TestCertificate.Issued.server(), ["REQUIRETLS"]) { sink, setup in
      setup.configuration.smarthost = HostAndPort("localhost:\(sink.port)")
      setup.configuration.smarthostTLS = .verify
      for number in 0..<4 {
        try setup.queue.add(
          Self.envelope("m\(number)", setup, number.isMultiple(of: 2), to: "x\(number)@a.example"), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 4))
      #expect(sink.connections == 1)
      #expect(sink.lines.filter { $0.hasSuffix(" REQUIRETLS") }.count == 2)
      #expect(Set(setup.policies) == ["verify (set for the route)", "verify (set for the route), REQUIRETLS"])
    }
  }
}
