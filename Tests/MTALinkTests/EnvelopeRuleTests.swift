import MTACore
import Testing

@testable import MTALink

struct EnvelopeRuleTests {
  @Test func whatSessionsTakeIsNotRefusedBehindThem() throws {
    var rule = EnvelopeRule()
    var session = SessionConfiguration(
      serverName: "mx.example", postmaster: try #require(Mailbox("root@local.example")))
    let before = (rule.maximumRecipients, rule.maximumSize)
    rule.allow(session)
    #expect((rule.maximumRecipients, rule.maximumSize) == before)
    session.maximumRecipients = 100_000
    session.maximumMessageBytes = 3 << 30
    rule.allow(session)
    #expect(rule.maximumRecipients == 100_000 && rule.maximumSize == 3 << 30)
    session.maximumMessageBytes = 0
    rule.allow(session)
    #expect(rule.maximumSize == .max)
  }
}
