import MTACore
import MTAReceiver
import MTATestSupport
import NIOCore
import Testing

/// What hostile clients tried, each as a conversation. More of it, against a running server, is in Tests/Hostile.
@Suite struct HostileDialogueTests {
  static let envelope = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250

    """

  // MARK: Browsers sent here (R3)

  @Test(arguments: [
    "POST / HTTP/1.1", "PROPFIND /x HTTP/1.1", "PRI * HTTP/2.0",
    "POST /\(String(repeating: "x", count: 3000)) HTTP/1.1",
    "POST /\(String(repeating: "x", count: 20_000)) HTTP/1.1\\r\\nHost: mx",
  ])
  func httpEndsTheSession(request: String) async throws {
    let dialogue = Dialogue(hooks: Village())
    let long = request.contains("Host")
    try await dialogue.play("S: 220\nC: \(request)\\r\\nNOOP\n" + (long ? "S: 500 5.5.2\n" : "") + "-- closed")
    #expect(dialogue.store.contact(of: .v4(0xC000_0201))?.violations == 1)
  }

  // MARK: STARTTLS

  /// RFC 3207 §4.2. Else somebody in the middle logs in, and then joins the victim's session to it.
  @Test func aLoginInClearIsForgottenUnderTLS() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.allowsAuthInClear = true
    dialogue.facts.role = .submission
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 235
      C: STARTTLS
      S: 220
      C: EHLO client.example
      S: 250 *AUTH PLAIN
      C: MAIL FROM:<coco@test.example>
      S: 530 5.7.0
      """)
  }

  // MARK: Memory

  @Test func aHeaderOfManyFieldsIsRefusedInStep() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.maximumHeaderFields = 3
    for fields in ["a:\\r\\n b\\r\\n c\\r\\nd:\\r\\n\\te\\r\\nf:", "\\rx"] {
      try await dialogue.play(
        Self.envelope + "C: DATA\nS: 354\nC: \(fields)\nC:\nC: g:\nC: h:\nC: .\nS: "
          + (fields == "\\rx" ? "550" : "250"))
    }
    for fields in ["a:\\r\\nb:\\r\\nc:\\r\\nd:", "a:\\r\\n\\rx\\r\\n\\rx\\r\\n\\rx"] {
      try await dialogue.play(
        Self.envelope + "C: DATA\nS: 354\nC: \(fields)\nC:\nC: g\nC: .\nS: 552 5.3.4\nC: NOOP\nS: 250\n-- silence")
    }
  }

  /// Replies of one burst that are more than what is sent at a time.
  @Test func aBurstIsAnsweredWholly() async throws {
    let burst = String(repeating: "NOOP\\r\\n", count: 6000)
    try await Dialogue(hooks: Village()).play(
      "S: 220\nC: \(burst)NOOP\n" + String(repeating: "S: 250 2.0.0\n", count: 6001) + "-- silence")
  }

  // MARK: Time

  private func drip(_ text: String, times: Int) -> String {
    String(repeating: "C: \(text)\\\n-- wait 290\n-- silence\n", count: times)
  }

  @Test func contentThatIsNotKeptHasATimeLimitToo() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.timing.minimumContentRate = 0
    dialogue.store.fail(.append, with: .noSpace)
    try await dialogue.play(
      Self.envelope + "C: DATA\nS: 354\n" + drip("x", times: 6) + "-- wait 290\nS: 421 4.4.2\n-- closed")
    try await dialogue.play(
      "S: 220\nC: EHLO c.example\nS: 250\nC: BDAT 50000000 LAST\n" + drip("x", times: 6)
        + "-- wait 290\nS: 421 4.4.2\n-- closed")
    #expect(dialogue.store.openSpools == 0)
  }

  @Test func aSessionHasAnEnd() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.timing.session = .seconds(900)
    dialogue.timing.minimumContentRate = 0
    let noop = "C: NOOP\nS: 250\n-- wait 290\n"
    try await dialogue.play("S: 220\n" + noop + noop + noop + "-- silence\n-- wait 40\nS: 421 4.4.2\n-- closed")
    // But not within a message.
    try await dialogue.play(
      "-- wait 290\n" + Self.envelope + noop + noop
        + "C: DATA\nS: 354\nC: x\n-- wait 290\n-- silence\nC: .\nS: 250\n-- wait 1\nS: 421 4.4.2")
  }

  // MARK: Half closed

  @Test func aHalfClosedClientGetsItsAnswers() async throws {
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(Self.envelope + "C: DATA\nS: 354\nC: .\\r\\nNOOP\n-- half close\nS: 250\nS: 250\n-- closed")
    try await dialogue.play(Self.envelope + "C: DATA\nS: 354\nC: x\n-- half close\n-- closed")
    #expect(dialogue.store.mails.count == 1)
    #expect(dialogue.store.openSpools == 0)
    #expect(dialogue.store.contact(of: .v4(0xC000_0201))?.violations == 1)
  }

  // MARK: BDAT

  @Test(arguments: ["BDAT", "BDAT x", "BDAT -5", "BDAT 5 FIRST"])
  func aChunkThatCannotBeCountedEndsTheSession(command: String) async throws {
    try await Dialogue(hooks: Village()).play(Self.envelope + "C: \(command)\\r\\nNOOP\nS: 501 5.5.4\n-- closed")
  }

  // MARK: AUTH

  /// Lets everybody in, under one and the same empty owner.
  struct Gullible: ReceiverHooks {
    mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      mailbox.domain == Domain("test.example") ? ClientRecord(mailboxID: mailbox.localPart, ownerID: "") : nil
    }
    mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
      ClientRecord(mailboxID: "coco", ownerID: "")
    }
  }

  @Test func anEmptyOwnerOwnsNothing() async throws {
    let dialogue = Dialogue(hooks: Gullible())
    dialogue.configuration.allowsAuthInClear = true
    dialogue.facts.role = .submission
    dialogue.configuration.senderRules = [SameOwnerRule()]
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlDQoyNTAAeA==
      S: 535 5.7.8
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAHg=
      S: 235
      C: MAIL FROM:<mike@test.example>
      S: 550 5.7.1
      C: MAIL FROM:<coco@test.example>
      S: 250
      """)
  }
}
