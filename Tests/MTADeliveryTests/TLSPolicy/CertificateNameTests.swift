import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import Testing

/// Certificates that bear the right name in the subject alone: only DANE takes them.
struct CertificateNameTests {
  static let trust = TLSContext.TrustRoots.certificates(
    .pem(Array((TestCertificate.Issued.authority + "\n" + TestCertificate.NamedBySubject.authority).utf8)))

  /// RFC 8461 §4.1: the server's certificate must have an alternative name that fits.
  @Test func aCommonNameIsNotEnoughUnderAnEnforcedPolicy() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: mx.test.example")
    try await MTASTSTests.serving(TestCertificate.NamedBySubject.server(), policy) { sink, host in
      var setup = try MTASTSTests.setup(sink, host)
      setup.configuration.trustRoots = Self.trust
      let outcome = try await MTASTSTests.deliver(setup)
      #expect(outcome == "waiting 4.7.5 the peer's certificate is not trusted: hostname mismatch")
      #expect(sink.mails.isEmpty)
    }
  }

  /// RFC 8461 §3.3: and so must the policy host's.
  @Test func aCommonNameIsNotEnoughForAPolicyHost() async throws {
    let policy = PolicyServer.policy("mode: enforce", "mx: elsewhere.example")
    try await MTASTSTests.serving(nil, policy, policyTLS: TestCertificate.NamedBySubject.server()) { sink, host in
      var setup = try MTASTSTests.setup(sink, host)
      setup.configuration.trustRoots = Self.trust
      let outcome = try await MTASTSTests.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(host.requests.isEmpty)
      #expect(setup.policies.first?.contains("hostname mismatch") == true)
    }
  }

  /// RFC 9525 §2 for `verify`; encryption alone asks for no name.
  @Test(arguments: [
    (TLSDemand.verify, "waiting 4.7.5"), (.encrypt, "delivered 250"), (.opportunistic, "delivered 250"),
  ])
  func aCommonNameUnderTheWordsOfTheSettings(_ demand: TLSDemand, _ expected: String) async throws {
    try await TLSPolicyTests.serving(TestCertificate.NamedBySubject.server()) { sink, setup in
      setup.configuration.trustRoots = Self.trust
      setup.configuration.tlsPolicies = DomainTable(["*": demand])
      let outcome = try await TLSPolicyTests.deliver(setup)
      #expect(outcome.hasPrefix(expected))
    }
  }

  /// RFC 7672 §3.2.3: where there is no alternative name, DANE takes the common one.
  @Test func aCommonNameIsEnoughForDANE() async throws {
    let zone = """
      mx.test.example A 127.0.0.1
      a.example MX 5 mx.test.example
      _PORT._tcp.mx.test.example TLSA 2 1 1 \(TestCertificate.NamedBySubject.authorityDigest)
      """
    try await DANETests.deliver(zone, tls: TestCertificate.NamedBySubject.server()) { outcome, policy, _ in
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(policy == "dane (TLSA 2 1 1 for mx.test.example, authenticated)")
    }
  }

  /// How a good policy host may spell its answer.
  @Test(arguments: [
    "Transfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n2E\r\nversion: STSv1\nmode: enforce\nmx: mx.test.examp\r\n14\r\nle\nmax_age: 604800\r\n\r\n0\r\n\r\n",
    "content-type: TEXT/Plain;charset=utf-8\r\n\r\nversion: STSv1\r\nmode: enforce\r\nmx: mx.test.example\r\nmax_age: 604800",
    "Content-Type: text/plain ; x=y\r\nContent-Length: 69\r\n\r\nversion: STSv1\r\nmode: enforce\r\nmx: mx.test.example\r\nmax_age: 604800\r\nbehind its end",
  ]) func formsOfAGoodAnswer(_ answer: String) async throws {
    for prefix in ["", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
      try await MTASTSTests.serving(
        TestCertificate.Issued.server(), .raw(prefix + "HTTP/1.1 200 Fine\r\n" + answer)
      ) { sink, host in
        let setup = try MTASTSTests.setup(sink, host)
        let outcome = try await MTASTSTests.deliver(setup)
        #expect(outcome == "delivered 250 2.0.0 taken")
        #expect(setup.policies == ["mta-sts enforce (policy 1 of test.example names mx.test.example)"])
      }
    }
  }

  /// Redirections are not followed, and other types are no policies (RFC 8461 §3.3).
  @Test(arguments: [
    "302 Found\r\nLocation: /x\r\nContent-Type: text/plain", "204 None\r\nContent-Type: text/plain",
    "200 OK\r\nContent-Type: text/plainer", "200 OK\r\nContent-Type: text/html, text/plain", "200 OK\r\nX: y",
    "206 Partial\r\nContent-Type: text/plain",
  ]) func otherAnswersAreNoPolicies(_ head: String) async throws {
    let body = "version: STSv1\r\nmode: enforce\r\nmx: elsewhere.example\r\nmax_age: 604800\r\n"
    let answer = PolicyServer.Answer.raw("HTTP/1.1 \(head)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    try await MTASTSTests.serving(nil, answer) { sink, host in
      let setup = try MTASTSTests.setup(sink, host)
      let outcome = try await MTASTSTests.deliver(setup)
      #expect(outcome == "delivered 250 2.0.0 taken")
      #expect(setup.policies.first?.contains("the MTA-STS policy cannot be fetched") == true)
      #expect(host.requests.count == 1)
    }
  }
}
