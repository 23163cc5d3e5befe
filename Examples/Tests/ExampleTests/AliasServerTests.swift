import MTACore
import MTAServer
import MTATestSupport
import Testing

@testable import AliasServer

@Suite struct AliasServerTests {
  let ann = Mailbox("ann@test.example")
  let bob = Mailbox("bob@test.example")

  @Test func mailForAnAliasGoesToTheMailboxesBehindIt() async throws {
    var aliases = AliasTable()
    aliases.add("info@test.example", [bob, ann])
    let dialogue = Dialogue(hooks: AliasHooks(residents: [ann: nil, bob: nil], aliases: aliases))
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<Info@test.example>
      S: 250
      C: RCPT TO:<ann@test.example>
      S: 250
      C: RCPT TO:<nobody@test.example>
      S: 550 5.1.1
      C: DATA
      S: 354
      C: .
      S: 250
      """)
    // Ann is named twice, and gets one copy.
    #expect(dialogue.store.mails.first?.envelope.recipients.map(\.mailbox) == [bob, ann])
  }

  @Test func listedClientsAreTurnedAway() async throws {
    let zone = try LiteralZone(
      """
      7.2.0.192.list.example A 127.0.0.2
      7.2.0.192.list.example TXT "sends spam"
      """)
    let list = DNSName("list.example")
    let dialogue = Dialogue(
      hooks: AliasHooks(residents: [:], aliases: AliasTable()).after(BlockListCheck(list: list, dns: zone)))
    dialogue.facts.remoteAddress = try #require(IPAddress("192.0.2.7"))
    try await dialogue.play(
      """
      S: 554 5.7.1 your address is listed: sends spam
      -- closed
      """)
    dialogue.facts.remoteAddress = try #require(IPAddress("192.0.2.8"))
    try await dialogue.play("S: 220")
  }
}
