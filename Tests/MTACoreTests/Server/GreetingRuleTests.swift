import NIOCore
import Testing

@testable import MTACore

/// The rules of EHLO and HELO, in the order that an adopter gives them.
@Suite struct GreetingRuleTests {
  struct NoLocalhost: GreetingRule {
    func refusal(of domain: Domain?, standing: DomainStanding, in conversation: Conversation) -> Reply? {
      domain == Domain("localhost") ? Reply(550, .policy, "you are not") : nil
    }
  }

  private func session(_ rules: [any GreetingRule], role: PortRole = .standard) throws -> ServerSession {
    var configuration = SessionConfiguration(
      serverName: "mx.example", postmaster: Mailbox("root@local.example"))
    configuration.greetingRules = rules
    var session = ServerSession(configuration, ConnectionFacts(remoteAddress: .loopback4, role: role))
    _ = session.receive(.connected)
    _ = session.receive(.answer(.connect(.proceed)))
    return session
  }

  private func say(_ line: String, _ session: inout ServerSession) -> ServerSession.Action? {
    var buffer = ByteBuffer(string: line + "\r\n")
    return session.read(&buffer)
  }

  @Test func aRefusalBeforeTheQuestionSpares() throws {
    var session = try session([NoLocalhost(), DomainInDNSRule()])
    #expect(say("EHLO localhost", &session) == .reply(Reply(550, .policy, "you are not")))
    #expect(say("EHLO a.example", &session) == .ask(.domainExists(DNSName("a.example"))))
    #expect(session.receive(.answer(.domainExists(true))) == .ask(.ehlo(Domain("a.example"))))
  }

  @Test func aRefusalBehindTheQuestionIsAsked() throws {
    var session = try session([DomainInDNSRule(), NoLocalhost()])
    #expect(say("EHLO localhost", &session) == .ask(.domainExists(DNSName("localhost"))))
    #expect(session.receive(.answer(.domainExists(true))) == .reply(Reply(550, .policy, "you are not")))
  }

  @Test func whereNobodyAsksTheDNSIsNotAsked() throws {
    for (rules, role) in [([], .standard), ([DomainInDNSRule()], .submission)] as [([any GreetingRule], PortRole)] {
      var session = try session(rules, role: role)
      #expect(say("EHLO a.example", &session) == .ask(.ehlo(Domain("a.example"))))
    }
    var session = try session([DomainInDNSRule()])
    #expect(say("EHLO [192.0.2.1]", &session) == .ask(.ehlo(Domain("[192.0.2.1]"))))
  }
}
