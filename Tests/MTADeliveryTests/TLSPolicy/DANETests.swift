import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import Testing

/// DANE (RFC 7672) over real sockets: a zone that is authenticated, and a server that shows one certificate or another.
struct DANETests {
  static let text = "Subject: x\r\n\r\nend\r\n"
  static let good = TestCertificate.keyDigest
  static let bad = String(repeating: "0", count: 64)

  /// One mail to x@a.example, whose exchanger is mx.a.example.
  static func deliver(
    _ zone: String, tls: TLSContext?, authenticated: Bool = true,
    adjust: (inout QueueRunner.Configuration) -> Void = { _ in },
    _ check: (_ outcome: String, _ policy: String?, SinkServer) throws -> Void
  ) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = tls
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.zone = try LiteralZone(
        "a.example MX 10 mx.a.example\n" + zone.replacing("PORT", with: "\(sink.port)"), authenticated: authenticated)
      adjust(&setup.configuration)
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: text)
      _ = try await setup.runner.runOnce()
      let log = setup.policies
      try check(setup.queue.outcomes["x@a.example"] ?? "", log.last, sink)
    }
  }

  @Test func theKeyVouchesForTheServer() async throws {
    // The certificate is of another name, and self-signed: under usage 3 neither matters.
    let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.good)"
    try await Self.deliver(zone, tls: TestCertificate.server()) { outcome, policy, sink in
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(policy == "dane (TLSA 3 1 1 for mx.a.example, authenticated)")
      #expect(sink.mails.count == 1)
    }
  }

  @Test func anotherKeyGetsNoMail() async throws {
    let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.bad)"
    try await Self.deliver(zone, tls: TestCertificate.server()) { outcome, policy, sink in
      #expect(outcome == "waiting 4.7.5 the peer's certificate is not trusted: no matching DANE TLSA records")
      #expect(policy?.hasPrefix("dane (TLSA 3 1 1") == true)
      #expect(sink.mails.isEmpty)
    }
  }

  @Test func oneRecordThatMatchesWillDo() async throws {
    let zone = """
      mx.a.example A 127.0.0.1
      _PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.bad)
      _PORT._tcp.mx.a.example TLSA 1 1 1 \(Self.bad)
      _PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.good)
      """
    try await Self.deliver(zone, tls: TestCertificate.server()) { outcome, _, _ in
      #expect(outcome == "delivered 250 2.0.0 taken")
    }
  }

  @Test func noTLSNoMail() async throws {
    let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.good)"
    try await Self.deliver(zone, tls: nil) { outcome, _, sink in
      #expect(outcome == "waiting 4.7.10 TLS is required, and the server does not offer it")
      #expect(sink.mails.isEmpty)
    }
  }

  /// Usage 2: the chain leads to the authority, and the certificate bears the name of the host.
  @Test(arguments: [("mx.test.example", "delivered 250"), ("mx.a.example", "waiting 4.7.5")])
  func anAuthorityVouches(_ host: String, _ expected: String) async throws {
    let zone = """
      a.example MX 5 \(host)
      \(host) A 127.0.0.1
      _PORT._tcp.\(host) TLSA 2 1 1 \(TestCertificate.Issued.authorityDigest)
      """
    try await Self.deliver(zone, tls: TestCertificate.Issued.server()) { outcome, policy, _ in
      #expect(outcome.hasPrefix(expected), "\(outcome)")
      #expect(policy == "dane (TLSA 2 1 1 for \(host), authenticated)")
    }
  }

  /// RFC 7672 §2.1.2: records that mail cannot use ask for encryption all the same.
  @Test func unusableRecordsAskForEncryption() async throws {
    for record in ["1 1 1 \(Self.bad)", "3 1 1 abcd", "3 9 1 \(Self.bad)", "3 1 9 \(Self.bad)", "2 0 0 00"] {
      let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA \(record)"
      try await Self.deliver(zone, tls: TestCertificate.server()) { outcome, policy, _ in
        #expect(outcome == "delivered 250 2.0.0 taken")
        #expect(policy?.hasPrefix("encrypt (_") == true, "\(record): \(policy ?? "")")
      }
    }
    let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA 1 1 1 \(Self.bad)"
    try await Self.deliver(zone, tls: nil) { outcome, _, _ in #expect(outcome.hasPrefix("waiting 4.7.10 ")) }
  }

  /// A host whose records cannot be told is left out; another one will do, and without one the mail waits.
  @Test func aFailedSearchIsNoPermission() async throws {
    let broken = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example SERVFAIL TLSA\n"
    try await Self.deliver(broken, tls: TestCertificate.server()) { outcome, policy, sink in
      #expect(outcome.hasPrefix("waiting 4.4.3 _\(sink.port)._tcp.mx.a.example could not be looked up"))
      #expect(policy?.hasPrefix("encrypt (whether ") == true)
      #expect(sink.connections == 0)
    }
    try await Self.deliver(broken + "a.example MX 20 b.example\nb.example A 127.0.0.1", tls: nil) {
      outcome, policy, _ in
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(policy?.hasPrefix("opportunistic (no authenticated TLSA records of b.example") == true)
    }
  }

  /// Whatever is not authenticated all the way counts nothing: anybody could have written it.
  @Test(arguments: ["a.example INSECURE", "mx.a.example INSECURE", "_PORT._tcp.mx.a.example INSECURE"])
  func unauthenticatedRecordsCountNothing(_ line: String) async throws {
    let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.bad)\n\(line)"
    try await Self.deliver(zone, tls: nil) { outcome, policy, _ in
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(policy?.hasPrefix("opportunistic (") == true)
    }
  }

  @Test func switchedOffOrNotTrusted() async throws {
    let zone = "mx.a.example A 127.0.0.1\n_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.bad)"
    let off: (inout QueueRunner.Configuration) -> Void = { $0.usesDANE = false }
    try await Self.deliver(zone, tls: nil, adjust: off) { outcome, policy, _ in
      #expect(outcome.hasPrefix("delivered"))
      #expect(policy == "opportunistic (DANE is switched off; no MTA-STS record)")
    }
    try await Self.deliver(zone, tls: nil, authenticated: false) { outcome, policy, _ in
      #expect(outcome.hasPrefix("delivered"))
      #expect(policy == "opportunistic (the exchangers are not authenticated; no MTA-STS record)")
    }
  }

  /// RFC 7672 §2.2.2: records at the end of the chain of aliases, and, where that is not signed, at its beginning.
  @Test func aliasesAreExpanded() async throws {
    let chain = "mx.a.example CNAME host.b.example\nhost.b.example A 127.0.0.1\n"
    try await Self.deliver(
      chain + "_PORT._tcp.host.b.example TLSA 3 1 1 \(Self.good)", tls: TestCertificate.server()
    ) { outcome, policy, _ in
      #expect(outcome.hasPrefix("delivered"))
      #expect(policy == "dane (TLSA 3 1 1 for host.b.example, authenticated)")
    }
    try await Self.deliver(
      chain + "_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.good)\nhost.b.example INSECURE", tls: TestCertificate.server()
    ) { outcome, policy, _ in
      #expect(outcome.hasPrefix("delivered"))
      #expect(policy == "dane (TLSA 3 1 1 for mx.a.example, authenticated)")
    }
  }

  @Test func daneCanBeDemanded() async throws {
    let zone = "mx.a.example A 127.0.0.1"
    let demand: (inout QueueRunner.Configuration) -> Void = { _ = $0.tlsPolicies.set(.dane, for: "a.example") }
    try await Self.deliver(zone, tls: TestCertificate.server(), adjust: demand) { outcome, _, _ in
      #expect(outcome.hasPrefix("waiting 4.7.5 dane is set for a.example, and no authenticated TLSA records"))
    }
    try await Self.deliver(
      zone + "\n_PORT._tcp.mx.a.example TLSA 3 1 1 \(Self.good)", tls: TestCertificate.server(), adjust: demand
    ) { outcome, policy, _ in
      #expect(outcome.hasPrefix("delivered"))
      #expect(policy == "dane (TLSA 3 1 1 for mx.a.example, authenticated, set for a.example)")
    }
  }
}
