import Logging
import MTACore
import MTASystem
import MTATLS
import MTATestSupport
import NIOCore
import Testing

@testable import MTADelivery

/// MTA-STS (RFC 8461) over real sockets: a zone, a policy host with HTTPS, and a mail server.
struct MTASTSTests {
  static let text = "Subject: x\r\n\r\nend\r\n"

  static func setup(_ sink: SinkServer, _ host: PolicyServer, id: String = "1", _ more: String = "") throws -> Setup {
    var setup = Setup(remotePort: sink.port)
    setup.zone = try LiteralZone(
      """
      test.example MX 10 mx.test.example
      mx.test.example A 127.0.0.1
      _mta-sts.test.example TXT "v=STSv1; id=\(id)"
      mta-sts.test.example A 127.0.0.1

      """ + more)
    setup.configuration.mtaSTS?.port = host.port
    setup.configuration.trustRoots = TestCertificate.Issued.trust
    return setup
  }

  /// One mail to x@test.example, and what came of it.
  static func deliver(_ setup: Setup, _ id: String = "m1") async throws -> String {
    try setup.queue.add(.test(id, to: ["\(id)@test.example"], at: setup.clock.now), content: text)
    _ = try await setup.runner.runOnce()
    return setup.queue.outcomes["\(id)@test.example"] ?? ""
  }

  static func serving(
    _ tls: TLSContext?, _ answer: PolicyServer.Answer, policyTLS: TLSContext? = nil,
    _ body: (SinkServer, PolicyServer) async throws -> Void
  ) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = tls
    try await SinkServer.serving(behaviour) { sink in
      try await PolicyServer.serving(answer, tls: policyTLS) { host in try await body(sink, host) }
    }
  }

  @Test func aServerThatFitsGetsTheMail() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: *.test.example")
    try await Self.serving(TestCertificate.Issued.server(), policy) { sink, host in
      let setup = try Self.setup(sink, host)
      let outcome = try await Self.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(setup.policies == ["mta-sts enforce (policy 1 of test.example names mx.test.example)"])
      let request = try #require(host.requests.first)
      #expect(request.hasPrefix("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"))
      #expect(request.lowercased().contains("\r\nhost: mta-sts.test.example\r\n"))
    }
  }

  @Test func anImpostorGetsNone() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: mx.test.example")
    try await Self.serving(TestCertificate.server(), policy) { sink, host in
      let setup = try Self.setup(sink, host)
      let outcome = try await Self.deliver(setup)
      #expect(outcome.hasPrefix("waiting 4.7.5 the peer's certificate is not trusted"))
      #expect(sink.mails.isEmpty && setup.policies.count == 1)
    }
    try await Self.serving(nil, policy) { sink, host in
      let outcome = try await Self.deliver(Self.setup(sink, host))
      #expect(outcome.hasPrefix("waiting 4.7.10 TLS is required"))
      #expect(sink.mails.isEmpty)
    }
  }

  @Test func aHostThatThePolicyDoesNotNameIsSkipped() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: mx2.test.example")
    try await Self.serving(TestCertificate.Issued.server(), policy) { sink, host in
      let setup = try Self.setup(sink, host)
      let outcome = try await Self.deliver(setup)
      #expect(outcome == "waiting 4.7.5 the MTA-STS policy 1 of test.example does not name mx.test.example")
      #expect(sink.connections == 0)
      let second = try Self.setup(sink, host, "test.example MX 20 mx2.test.example\nmx2.test.example A 127.0.0.1")
      let again = try await Self.deliver(second)
      #expect(again == "delivered 250 2.0.0 taken")
      #expect(second.policies == ["mta-sts enforce (policy 1 of test.example names mx2.test.example)"])
    }
  }

  /// Testing: the mail goes on, and the log says what would have happened.
  @Test func testingOnlyTells() async throws {
    let policy = PolicyServer.policy("mode: testing", "mx: mx.test.example")
    for tls in [try TestCertificate.server(), nil] {
      try await Self.serving(tls, policy) { sink, host in
        let setup = try Self.setup(sink, host)
        let outcome = try await Self.deliver(setup)
        #expect(outcome == "delivered 250 2.0.0 taken")
        #expect(setup.policies == ["mta-sts testing (policy 1 of test.example names mx.test.example)"])
        let told = setup.log.lines.filter { $0.text.hasPrefix("an MTA-STS policy in testing would have kept") }
        #expect(told.count == 1 && told.first?.level == .warning)
      }
    }
    try await Self.serving(TestCertificate.Issued.server(), policy) { sink, host in
      let setup = try Self.setup(sink, host)
      let outcome = try await Self.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(!setup.log.lines.contains { $0.level == .warning })
    }
  }

  @Test func modeNoneIsNone() async throws {
    try await Self.serving(nil, PolicyServer.policy("mode: none")) { sink, host in
      let setup = try Self.setup(sink, host)
      let outcome = try await Self.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(setup.policies.first?.contains("the MTA-STS policy of test.example has mode none") == true)
    }
  }

  /// A policy that cannot be fetched and was never known: as if there were none (RFC 8461 §3.3).
  @Test(arguments: [
    PolicyServer.Answer.raw(
      "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.test.example/x\r\nContent-Length: 0\r\n\r\n"),
    .raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"),
    .raw(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n"
        + String(repeating: "x", count: 100_000)),
    .raw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nversion: STSv1"),
    .raw("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 200_000)),
    .raw("220 mx ESMTP\r\n"), .raw(""), PolicyServer.text("version: STSv1\r\nmode: maybe\r\n"), .silence,
  ])
  func brokenPolicyHostsAreNoObstacle(_ answer: PolicyServer.Answer) async throws {
    try await Self.serving(nil, answer) { sink, host in
      var setup = try Self.setup(sink, host)
      if answer == .silence { setup.configuration.mtaSTS?.timeLimit = .milliseconds(300) }
      let outcome = try await Self.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(setup.policies.first?.contains("; the MTA-STS policy cannot be fetched: ") == true, "\(setup.policies)")
      // A host that is silent may be given up before its handshake is over.
      if answer != .silence { #expect(host.requests.count == 1) }
    }
  }

  @Test func thePolicyHostMustBearItsName() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: mx.test.example")
    try await Self.serving(nil, policy, policyTLS: TestCertificate.server()) { sink, host in
      let setup = try Self.setup(sink, host)
      let outcome = try await Self.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(setup.policies.first?.contains("the peer's certificate is not trusted") == true)
      #expect(host.requests.isEmpty)
    }
  }

  /// RFC 8461 §2: DANE comes first, and where it fails a policy that would be content changes nothing.
  @Test func daneComesBefore() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: mx.test.example")
    try await Self.serving(TestCertificate.Issued.server(), policy) { sink, host in
      for (digest, expected) in [
        (TestCertificate.Issued.keyDigest, "delivered 250 2.0.0 taken"),
        (
          TestCertificate.keyDigest,
          "waiting 4.7.5 the peer's certificate is not trusted: no matching DANE TLSA records"
        ),
      ] {
        var setup = try Self.setup(sink, host)
        setup.zone = try LiteralZone(
          """
          test.example MX 10 mx.test.example
          mx.test.example A 127.0.0.1
          _\(sink.port)._tcp.mx.test.example TLSA 3 1 1 \(digest)
          _mta-sts.test.example TXT "v=STSv1; id=1"
          mta-sts.test.example A 127.0.0.1
          """, authenticated: true)
        let outcome = try await Self.deliver(setup)
        #expect(outcome == expected)
        #expect(setup.policies == ["dane (TLSA 3 1 1 for mx.test.example, authenticated)"])
      }
      #expect(host.requests.isEmpty)
    }
  }

  /// RFC 7672 §2.2: beside TLSA records that cannot be used TLS is mandatory; only an enforced policy asks for more.
  @Test func onlyAnEnforcedPolicyReplacesUnusableRecords() async throws {
    let (own, issued) = (try TestCertificate.server(), try TestCertificate.Issued.server())
    let cases: [(String, TLSContext?, String, String)] = [
      ("testing", nil, "waiting 4.7.10 ", "encrypt (_"), ("testing", own, "delivered 250", "encrypt (_"),
      ("none", nil, "waiting 4.7.10 ", "encrypt (_"), ("enforce", nil, "waiting 4.7.10 ", "mta-sts enforce ("),
      ("enforce", own, "waiting 4.7.5 ", "mta-sts enforce ("),
      ("enforce", issued, "delivered 250", "mta-sts enforce ("),
    ]
    for (mode, tls, expected, applied) in cases {
      try await Self.serving(tls, PolicyServer.policy("mode: \(mode)", "mx: mx.test.example")) { sink, host in
        var setup = try Self.setup(sink, host)
        setup.zone = try LiteralZone(
          """
          test.example MX 10 mx.test.example
          mx.test.example A 127.0.0.1
          _\(sink.port)._tcp.mx.test.example TLSA 1 1 1 \(TestCertificate.keyDigest)
          _mta-sts.test.example TXT "v=STSv1; id=1"
          mta-sts.test.example A 127.0.0.1
          """, authenticated: true)
        let outcome = try await Self.deliver(setup)
        #expect(outcome.hasPrefix(expected), "\(mode): \(outcome)")
        #expect(setup.policies.first?.hasPrefix(applied) == true, "\(mode): \(setup.policies)")
        #expect(sink.mails.count == (expected.hasPrefix("delivered") ? 1 : 0))
      }
    }
  }
}
