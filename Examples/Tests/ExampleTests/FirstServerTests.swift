import MTATestSupport
import Testing

@testable import FirstServer

@Suite struct FirstServerTests {
  @Test func takesMailForResidentsOnly() async throws {
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<b@elsewhere.example>
      S: 550 5.7.1
      C: RCPT TO:<Ann@Village.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: hello
      C:
      C: Hello!
      C: .
      S: 250 2.0.0
      C: QUIT
      S: 221
      -- closed
      """)
    #expect(dialogue.store.mails.map(\.text) == ["Subject: hello\r\n\r\nHello!\r\n"])
  }

  @Test func membersLogInAndRelay() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.facts.role = .submission
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: STARTTLS
      S: 220
      C: EHLO client.example
      S: 250 *AUTH PLAIN
      -- # NUL ann@village.example NUL wrong
      C: AUTH PLAIN AGFubkB2aWxsYWdlLmV4YW1wbGUAd3Jvbmc=
      S: 535 5.7.8
      -- # NUL ann@village.example NUL my-password
      C: AUTH PLAIN AGFubkB2aWxsYWdlLmV4YW1wbGUAbXktcGFzc3dvcmQ=
      S: 235 2.7.0
      C: MAIL FROM:<ann@village.example>
      S: 250
      C: RCPT TO:<b@elsewhere.example>
      S: 250
      """)
  }
}
