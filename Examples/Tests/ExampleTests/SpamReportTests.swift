import MTACore
import MTATestSupport
import Testing

@testable import SpamReport

@Suite struct SpamReportTests {
  @Test func reportsTravelWithTheMail() async throws {
    let ann = Mailbox("ann@test.example")
    let dialogue = Dialogue(hooks: Inboxes(users: [ann]).after(SpamCheck()))
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<ann@test.example>
      S: 250
      C: DATA
      S: 354
      C: From: a@client.example
      C: Subject: hello
      C: Date: Thu, 1 Jan 2026 00:00:00 +0000
      C:
      C: .
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<ann@test.example>
      S: 250
      C: DATA
      S: 354
      C: From: a@client.example
      C: Subject: READ THIS NOW
      C:
      C: .
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<ann@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: READ THIS NOW
      C:
      C: .
      S: 550 5.7.1 this looks like spam: not exactly one From, no Date, a shouting Subject
      """)
    #expect(
      dialogue.store.mails.map { $0.envelope.attributes[.spamReport] } == [
        nil, SpamReport(points: 6, reasons: ["no Date", "a shouting Subject"]),
      ])
  }
}
