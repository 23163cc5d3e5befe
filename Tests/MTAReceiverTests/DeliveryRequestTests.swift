import MTACore
import MTATestSupport
import Testing

@Suite struct DeliveryRequestTests {
  /// The priority that a mail is queued with when its client asks for one.
  private func priority(asked: Int, _ prepare: (Dialogue) -> Void = { _ in }, login: String = "") async throws -> Int {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.honours = .all
    prepare(dialogue)
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      \(login)
      C: MAIL FROM:<> MT-PRIORITY=\(asked)
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: .
      S: 250
      """)
    return try #require(dialogue.store.mails.first).envelope.requests.priority
  }

  /// RFC 6710 §5: who is not known may stand back, and not push ahead.
  @Test func strangersDoNotPushAhead() async throws {
    #expect(try await priority(asked: 9) == 0)
    #expect(try await priority(asked: -9) == -9)
    #expect(try await priority(asked: 0) == 0)
  }

  @Test func thoseWeKnowMay() async throws {
    #expect(try await priority(asked: 9, { $0.facts.isTrusted = true }) == 9)
    let login = """
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
            S: 235
      """
    #expect(try await priority(asked: 4, { $0.configuration.allowsAuthInClear = true }, login: login) == 4)
  }

  @Test func timeIsCountedFromReception() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.honours = .all
    dialogue.facts.isTrusted = true
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<> BY=60;N
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: .
      S: 250
      """)
    let envelope = try #require(dialogue.store.mails.first).envelope
    #expect(envelope.requests.deliverBy == .init(deadline: dialogue.clock.now + .seconds(60), mode: .notify))
  }
}
