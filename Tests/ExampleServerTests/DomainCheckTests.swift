import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import SuiteTurns
import Testing

@testable import MTACommands

/// What a domain publishes is compared with what its server needs.
@Suite(.endsHangs)
struct DomainCheckTests {
  private static let key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
  private static let chain = TLSSource.pem(Array(TestCertificate.Issued.chain.utf8))

  /// A domain of which all is as it should be.
  private static let good = [
    "test.example MX 10 mx.test.example", "mx.test.example A 127.0.0.1", "1.0.0.127.in-addr.arpa PTR mx.test.example",
    "test.example TXT \"v=spf1 mx -all\"", "s1._domainkey.test.example TXT \"\(key)\"",
    "_dmarc.test.example TXT \"v=DMARC1; p=reject; rua=mailto:a@test.example\"",
    "_smtp._tls.test.example TXT \"v=TLSRPTv1; rua=mailto:a@test.example\"",
    "_25._tcp.mx.test.example TLSA 3 1 1 \(TestCertificate.Issued.keyDigest)",
    "_mta-sts.test.example TXT \"v=STSv1; id=1\"", "mta-sts.test.example A 127.0.0.1",
  ]

  private func check(
    _ lines: [String] = good, authenticated: Bool = true, addresses: [String] = ["127.0.0.1"]
  ) throws -> DomainCheck {
    let (domain, host): (DNSName, DNSName) = ("test.example", "mx.test.example")
    let digest = try Self.chain.leaf().tlsa.data
    let addresses = addresses.compactMap { IPAddress($0) }
    let keyName: DNSName = "s1._domainkey.test.example"
    return DomainCheck(
      domain: domain, host: host, addresses: addresses,
      keys: [.init(selector: "s1", record: Self.key, file: "key.pem")], certificate: Self.chain,
      records: DomainRecords(
        domain: domain, host: host, addresses: addresses, keys: [.init(name: keyName, text: Self.key)],
        publicKeyDigest: digest, reports: try #require(Mailbox("postmaster@test.example")), policyID: "1"),
      dns: try LiteralZone(lines.joined(separator: "\n"), authenticated: authenticated))
  }

  @Test func aDomainThatIsAsItShouldBeHasNoFaults() async throws {
    let findings = try await check().findings()
    #expect(findings.map(\.check) == ["MX", "A", "PTR", "SPF", "DKIM", "DMARC", "TLS-RPT", "TLSA"])
    #expect(findings.allSatisfy { $0.state == .ok && $0.publish.isEmpty }, "\(findings)")
  }

  /// What `setup` prints is what `check-domain` wants.
  @Test func theRecordsThatAreToBePublishedMakeItGood() async throws {
    let lines = try check().records.entries.filter { $0.record.type != .cname }.map(\.line)
    let findings = try await check(lines).findings()
    #expect(findings.allSatisfy { $0.state == .ok }, "\(findings)")
  }

  @Test(arguments: [
    // What stands in the place of a line with these words; nothing where it is empty.
    ("MX 10", "", "MX", "missing"), ("MX 10", "test.example MX 10 other.example", "MX", "wrong"),
    ("MX 10", "test.example MX 0 .", "MX", "wrong"), ("MX 10", "test.example SERVFAIL MX", "MX", "unknown"),
    ("MX 10", "test.example MX 10 mx.test.example\ntest.example MX 5 other.example", "MX", "advice"),
    ("mx.test.example A", "", "A", "missing"),
    ("mx.test.example A", "mx.test.example A 127.0.0.1\nmx.test.example A 192.0.2.9", "A", "wrong"),
    ("mx.test.example A", "mx.test.example A 192.0.2.9", "PTR", "wrong"),
    ("PTR", "", "PTR", "missing"), ("PTR", "1.0.0.127.in-addr.arpa PTR other.example", "PTR", "wrong"),
    ("PTR", "1.0.0.127.in-addr.arpa TIMEOUT", "PTR", "unknown"),
    ("spf1", "", "SPF", "missing"), ("spf1", "test.example TXT \"v=spf1 -all\"", "SPF", "wrong"),
    ("spf1", "test.example TXT \"v=spf1 mx -all\"\ntest.example TXT \"v=spf1 a -all\"", "SPF", "wrong"),
    ("spf1", "test.example TXT \"v=spf1 include:spf.example -all\"", "SPF", "unknown"),
    ("_domainkey", "", "DKIM", "missing"),
    ("_domainkey", "s1._domainkey.test.example TXT \"v=DKIM1; p=\"", "DKIM", "wrong"),
    ("_domainkey", "s1._domainkey.test.example TXT \"v=DKIM1; k=ed25519; p=AAAA\"", "DKIM", "wrong"),
    ("_domainkey", "s1._domainkey.test.example TXT \"\(key); t=y\"", "DKIM", "advice"),
    ("DMARC1", "", "DMARC", "missing"), ("DMARC1", "_dmarc.test.example TXT \"v=DMARC1\"", "DMARC", "wrong"),
    ("DMARC1", "_dmarc.test.example TXT \"v=DMARC1; p=none\"", "DMARC", "advice"),
    ("DMARC1", "_dmarc.test.example TXT \"v=DMARC1; p=hope\"", "DMARC", "wrong"),
    ("DMARC1", "_dmarc.test.example TXT \"v=DMARC1; p=reject; rua=a@test.example\"", "DMARC", "wrong"),
    ("TLSRPTv1", "", "TLS-RPT", "advice"),
    ("TLSRPTv1", "_smtp._tls.test.example TXT \"v=TLSRPTv1\"", "TLS-RPT", "wrong"),
    ("TLSA", "", "TLSA", "advice"),
    ("TLSA", "_25._tcp.mx.test.example TLSA 3 1 1 \(String(repeating: "00", count: 32))", "TLSA", "wrong"),
    ("TLSA", "_25._tcp.mx.test.example TLSA 2 1 1 \(TestCertificate.Issued.authorityDigest)", "TLSA", "ok"),
  ])
  func whatIsNotAsItShouldBeIsTold(_ words: String, _ line: String, _ name: String, _ state: String) async throws {
    var lines = Self.good
    let place = try #require(lines.firstIndex { $0.contains(words) })
    lines[place] = line
    let findings = try await check(lines).findings()
    let states = findings.filter { $0.check == name }.map(\.state.rawValue)
    #expect(states.contains(state), "\(findings.filter { $0.check == name })")
    // Who mends it is told how, where a record would do so.
    let told = findings.first { $0.check == name && $0.state == .missing }
    #expect(told.map { !$0.publish.isEmpty } ?? true)
  }

  @Test func withoutDNSSECTheKeyRecordIsNoFaultAndNoProof() async throws {
    let findings = try await check(authenticated: false).findings()
    #expect(findings.last?.check == "TLSA" && findings.last?.state == .advice)
    let without = try await check(Self.good.filter { !$0.contains("TLSA") }, authenticated: false).findings()
    #expect(without.last?.state == .ok)
  }

  @Test func aPolicyOfADomainAboveCounts() async throws {
    let lines = Self.good.filter { !$0.contains("DMARC1") } + ["_dmarc.example TXT \"v=DMARC1; p=reject\""]
    // That of a top-level domain is nobody's.
    #expect(try await check(lines).forgedMail().state == .missing)
  }

  // MARK: Connections

  private func port(
    _ behaviour: SinkServer.Behaviour, _ way: TLSProbe.Way = .startTLS, isForServers: Bool = true
  ) async throws -> DomainCheck.Finding {
    try await SinkServer.serving(behaviour) { sink in
      let port = DomainCheck.Port(number: sink.port, way: way, name: "SMTP", isForServers: isForServers)
      let findings = try await check().ports([port], trustRoots: TestCertificate.Issued.trust, timeLimit: .seconds(60))
      // It says no more than is needed, and does not leave without a word.
      #expect(sink.lines.allSatisfy { $0.hasPrefix("EHLO ") || $0 == "STARTTLS" || $0 == "QUIT" })
      #expect(behaviour.breaksTLS || sink.lines.last == "QUIT")
      return try #require(findings.first)
    }
  }

  @Test func aServerWithOurCertificateIsFine() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.Issued.server()
    #expect(try await port(behaviour).state == .ok)
    behaviour.isImplicitTLS = true
    #expect(try await port(behaviour, .implicit).state == .ok)
  }

  @Test func otherServersAreTold() async throws {
    var behaviour = SinkServer.Behaviour()
    #expect(try await port(behaviour).state == .advice)
    #expect(try await port(behaviour, isForServers: false).state == .wrong)
    behaviour.tls = try TestCertificate.server()
    let other = try await port(behaviour)
    #expect(other.state == .wrong && other.text.contains("another certificate"))
    behaviour.breaksTLS = true
    #expect(try await port(behaviour).state == .wrong)
    behaviour = SinkServer.Behaviour()
    behaviour.greeting = "554 no mail here"
    #expect(try await port(behaviour).text == "answers with 554 no mail here")
  }

  /// The server says what is the matter, and not a firewall.
  @Test func refusalsAreToldInTheServersWords() async throws {
    let denied = Reply.accessDenied(until: "Mon, 30 Nov 2026 12:00:00 +0000")
    let lockout = "421 4.7.0 " + denied.lines.joined(separator: " ")
    var behaviour = SinkServer.Behaviour()
    behaviour.greeting = .reply(lockout)
    let lockedOut = try await port(behaviour)
    #expect(lockedOut.state == .wrong && lockedOut.text.contains("contacts remove ADDRESS"), "\(lockedOut.text)")
    #expect(lockedOut.text.contains(lockout) && !lockedOut.text.contains("firewall"))
    behaviour.greeting = "421 4.3.2 too many connections\u{1b}[2J"
    let busy = try await port(behaviour).text
    #expect(busy == "answers with 421 4.3.2 too many connections\\x1b[2J")
    behaviour.greeting = "220 sink.example"
    behaviour.answer = { line, _ in line.hasPrefix("EHLO") ? "550 5.7.1 not you" : nil }
    let refused = try await port(behaviour)
    #expect(refused.state == .wrong && refused.text == "answers, and refuses EHLO: 550 5.7.1 not you")
    behaviour.tls = try TestCertificate.Issued.server()
    behaviour.answer = { line, _ in line == "STARTTLS" ? "454 4.7.0 not now" : nil }
    #expect(try await port(behaviour).text == "answers, and refuses STARTTLS: 454 4.7.0 not now")
  }

  @Test func aServerThatHangsUpIsReached() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.greeting = .drop
    let finding = try await SinkServer.serving(behaviour) { sink in
      let port = DomainCheck.Port(number: sink.port, way: .startTLS, name: "SMTP", isForServers: true)
      return try #require(try await check().ports([port], timeLimit: .seconds(60)).first)
    }
    #expect(finding.text.contains("contacts list") && !finding.text.contains("firewall"))
  }

  @Test func aPortWhereNobodyListensIsAFault() async throws {
    let closed = try await SinkServer.serving { $0.port }
    let port = DomainCheck.Port(number: closed, way: .startTLS, name: "SMTP", isForServers: true)
    let finding = try #require(try await check().ports([port], timeLimit: .seconds(60)).first)
    #expect(finding.state == .wrong && finding.text.contains("cannot be reached"))
  }

  @Test(arguments: [
    (["mode: enforce", "mx: *.test.example"], "ok"), (["mode: testing", "mx: mx.test.example"], "advice"),
    (["mode: enforce", "mx: other.example"], "wrong"), (["mode: none"], "advice"), (["mode: perhaps"], "wrong"),
  ])
  func thePolicyMustNameTheServer(_ lines: [String], _ state: String) async throws {
    let text = (["version: STSv1", "max_age: 604800"] + lines).joined(separator: "\r\n") + "\r\n"
    try await PolicyServer.serving(PolicyServer.text(text)) { server in
      let finding = try await check().policy(
        trustRoots: TestCertificate.Issued.trust, port: server.port, timeLimit: .seconds(60))
      #expect(finding.state.rawValue == state, "\(finding)")
    }
  }

  @Test func withoutARecordNoPolicyIsFetched() async throws {
    let finding = try await check(Self.good.filter { !$0.contains("_mta-sts") }).policy(
      port: 1, timeLimit: .seconds(60))
    #expect(finding.state == .advice)
  }
}
