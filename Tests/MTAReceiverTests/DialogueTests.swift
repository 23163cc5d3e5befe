import MTACore
import MTAReceiver
import MTATestSupport
import Testing

@Suite struct DialogueTests {
  static let mail = """
    S: 220 mx.test.example ESMTP
    C: EHLO client.example
    S: 250-mx.test.example
    S: 250-PIPELINING
    S: 250-SIZE 52428800
    S: 250-8BITMIME
    S: 250-ENHANCEDSTATUSCODES
    S: 250-CHUNKING
    S: 250-LIMITS RCPTMAX=1000
    S: 250-STARTTLS
    S: 250 HELP
    C: MAIL FROM:<a@client.example> SIZE=100
    S: 250 2.1.0
    C: RCPT TO:<coco@test.example>
    S: 250 2.1.5
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: ..one dot
    C: .
    S: 250 2.0.0 queued as 1*
    C: MAIL FROM:<>
    S: 250
    C: RCPT TO:<postmaster>
    S: 250
    C: RCPT TO:<PostMaster@test.example>
    S: 250
    C: DATA
    S: 354
    C: .
    S: 250 2.0.0
    C: QUIT
    S: 221 2.0.0
    -- closed
    """

  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .bytes(3), .glued])
  func twoMails(chunking: Dialogue.Chunking) async throws {
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(Self.mail, chunking: chunking)
    #expect(dialogue.store.mails.map(\.text) == ["Subject: hello\r\n\r\n.one dot\r\n", ""])
    #expect(
      dialogue.store.mails.map(\.envelope.reversePath) == [.mailbox(Mailbox("a@client.example")), .null])
    #expect(
      dialogue.store.mails.map { $0.envelope.recipients.map(\.mailbox.description) } == [
        ["coco@test.example"], ["postmaster@test.example"],
      ])
    #expect(dialogue.store.openSpools == 0)
    let trace = try #require(dialogue.store.mails.first?.trace)
    #expect(trace.hasPrefix("Received: from client.example ([192.0.2.1])\r\n\tby mx.test.example with ESMTP id "))
    #expect(trace.contains("for <coco@test.example>;"))
  }

  @Test func strangersCannotRelay() async throws {
    try await Dialogue(hooks: Village()).play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<b@elsewhere.example>
      S: 550 5.7.1 *does not support relaying
      C: RCPT TO:<nobody@test.example>
      S: 550 5.1.1
      C: DATA
      S: 554 5.5.1 There must be at least 1 acceptable recipient
      """)
  }

  @Test func submissionWithTLSAndAuth() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.facts.role = .submission
    dialogue.facts.localPort = 2587
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250 *STARTTLS
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 538 5.7.11
      C: MAIL FROM:<coco@test.example>
      S: 530 5.7.0 Traffic on port 2587 must be authenticated
      C: STARTTLS
      S: 220 2.0.0
      C: MAIL FROM:<coco@test.example>
      S: 503 5.5.1
      C: EHLO client.example
      S: 250 *AUTH PLAIN
      C: AUTH PLAIN
      S: 334
      C: *
      S: 501 5.7.0
      C: AUTH PLAIN !!!
      S: 501 5.5.2
      C: AUTH GSSAPI
      S: 504 5.5.4
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAHdyb25n
      S: 535 5.7.8
      C: AUTH PLAIN
      S: 334
      C: AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 235 2.7.0
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 503 5.5.1
      C: MAIL FROM:<mike@test.example>
      S: 550 5.7.1
      C: MAIL FROM:<coco@test.example>
      S: 250
      C: RCPT TO:<b@elsewhere.example>
      S: 250
      C: DATA
      S: 354
      C: From: coco@test.example
      C: .
      S: 250
      """)
    let mail = try #require(dialogue.store.mails.first)
    #expect(mail.envelope.isSubmission)
    #expect(mail.trace.contains("with ESMTPSA id "))
    #expect(mail.trace.contains("\ttls TLS_AES_256_GCM_SHA384"))
    #expect(
      mail.trace.hasPrefix("Authentication-Results: mx.test.example;\r\n auth=pass smtp.auth=coco@test.example\r\n"))
    #expect(mail.trace.contains("\r\nDate: "))
    #expect(mail.trace.contains("\r\nMessage-ID: <"))
  }

  @Test func bytesBehindSTARTTLSEndTheSession() async throws {
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: STARTTLS\\r\\nMAIL FROM:<a@client.example>
      S: 554 5.5.1
      -- closed
      """)
    #expect(dialogue.store.contact(of: .v4(0xC000_0201))?.violations == 1)
  }

  @Test func bareLineEndsAreRefusedInStep() async throws {
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: x\\n.\\r\\nMAIL FROM:<smuggled@client.example>
      C: \\r.\\r
      C: .
      S: 550 5.6.0
      -- silence
      C: NOOP\\nRSET
      S: 500 5.5.2
      C: NOOP
      S: 250
      """)
    #expect(dialogue.store.mails.isEmpty)
    #expect(dialogue.store.openSpools == 0)
  }

  @Test func silenceEndsWith421() async throws {
    try await Dialogue(hooks: Village()).play(
      """
      S: 220
      -- wait 299
      -- silence
      C: NOOP
      S: 250
      -- wait 301
      S: 421 4.4.2 * closing connection due to inactivity
      -- closed
      """)
  }

  @Test func storeFailuresAre4xxAndLeaveNothing() async throws {
    let dialogue = Dialogue(hooks: Village())
    let script = """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: x
      C: .
      S: 45
      C: NOOP
      S: 250
      """
    dialogue.store.fail(.commit, with: .failed("sync"))
    try await dialogue.play(script.replacing("S: 45", with: "S: 451 4.3.0 unable to save"))
    dialogue.store.fail(.commit, with: nil)
    dialogue.store.fail(.append, with: .noSpace)
    try await dialogue.play(script.replacing("S: 45", with: "S: 452 4.3.1"))
    dialogue.store.fail(.append, with: nil)
    dialogue.store.fail(.begin, with: .closed)
    try await dialogue.play(script.replacing("S: 354\nC: Subject: x\nC: .\nS: 45", with: "S: 451 4.3.0"))
    #expect(dialogue.store.mails.isEmpty)
    #expect(dialogue.store.openSpools == 0)
  }

  @Test func threeViolationsShutTheDoor() async throws {
    let dialogue = Dialogue(hooks: Village())
    for _ in 1...3 {
      try await dialogue.play("S: 220\nC: NONSENSE\nS: 500 5.5.1\nC: AGAIN\nS: 500")
    }
    try await dialogue.play("S: 421 4.7.0 Access TEMPORARILY denied\n-- closed")
    try await dialogue.play("-- silence\n-- closed")
    let record = try #require(dialogue.store.contact(of: .v4(0xC000_0201)))
    #expect(record.hits == 5)
    #expect(record.locks == 2)
    #expect(record.violations == 5)
    dialogue.clock.advance(by: .seconds(3601))
    try await dialogue.play("S: 220")
  }
}

extension DialogueTests {
  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .bytes(2)])
  func bareLineEndsCanBeNormalized(chunking: Dialogue.Chunking) async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.bareLineEnds = .normalize
    try await dialogue.play(
      #"""
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: x\r\n\r\n..\ra\r\r\nb\n.\r\nstill
      C: .
      S: 250
      C: NOOP
      S: 250
      """#, chunking: chunking)
    #expect(dialogue.store.mails.map(\.text) == ["Subject: x\r\n\r\n.\r\na\r\n\r\nb\r\n.\r\nstill\r\n"])
  }
}

extension DialogueTests {
  @Test func contentThatDripsIsTimedOut() async throws {
    let opening = """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: x
      -- wait 30
      C: y
      -- wait 29
      -- silence
      C: z
      -- wait 2

      """
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(opening + "S: 421 4.4.2\n-- closed")
    dialogue.timing.minimumContentRate = 0
    try await dialogue.play(opening + "C: .\nS: 250")
    #expect(dialogue.store.mails.count == 1 && dialogue.store.openSpools == 0)
  }
}
