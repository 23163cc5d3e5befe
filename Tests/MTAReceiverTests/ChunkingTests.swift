import MTACore
import MTATestSupport
import NIOCore
import Testing

@Suite struct ChunkingTests {
  private static let opening = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250

    """

  private func play(
    _ script: String, body: String = "", chunking: Dialogue.Chunking = .lines,
    on dialogue: Dialogue = Dialogue(hooks: Village())
  ) async throws -> Dialogue {
    dialogue.configuration.honours = .all
    try await dialogue.play(
      Self.opening.replacing("<a@client.example>", with: "<a@client.example>" + body) + script, chunking: chunking)
    #expect(dialogue.store.openSpools == 0)
    return dialogue
  }

  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .bytes(5), .glued])
  func piecesMakeAMail(chunking: Dialogue.Chunking) async throws {
    let dialogue = try await play(
      #"""
      C: BDAT 12\r\nSubject: x\r\n\
      S: 250 2.0.0 12 octets received
      C: BDAT 3\r\n\r\n.\
      S: 250
      C: BDAT 0
      S: 250
      C: BDAT 7 LAST\r\n\r\nbye\r\n\
      S: 250 2.0.0 queued
      C: NOOP
      S: 250
      """#, chunking: chunking)
    #expect(dialogue.store.mails.map(\.text) == ["Subject: x\r\n\r\n.\r\nbye\r\n"])
  }

  @Test func everythingAtOnce() async throws {
    let dialogue = try await play(
      #"""
      C: BDAT 4\r\nA: b\
      C: BDAT 2 LAST\r\n\r\nQUIT
      S: 250 2.0.0 4 octets
      S: 250 2.0.0 queued
      S: 221
      """#, chunking: .glued)
    #expect(dialogue.store.mails.map(\.text) == ["A: b\r\n"])
  }

  @Test func refusedOctetsAreReadAway() async throws {
    let dialogue = try await play(
      #"""
      C: RSET
      S: 250
      C: BDAT 14 LAST\r\nMAIL FROM:<>\r\n\
      S: 503 5.5.1
      C: MAIL FROM:<>
      S: 250
      C: BDAT 6\r\nQUIT\r\n\
      S: 554 5.5.1 There must be at least 1 acceptable recipient
      C: RCPT TO:<coco@test.example>
      S: 250
      C: BDAT 3\r\nabc\
      S: 250
      C: DATA
      S: 503 5.5.1
      C: RCPT TO:<mike@test.example>
      S: 503 5.5.1
      C: RSET
      S: 250
      C: BDAT 2 LAST\r\nxx\
      S: 503
      """#)
    #expect(dialogue.store.mails.isEmpty)
  }

  @Test func textWithBareLineEndsIsRefusedAndBinaryIsNot() async throws {
    let bare = #"C: BDAT 4 LAST\r\na\nb\n\"#
    var dialogue = try await play(bare + "\nS: 550 5.6.0")
    #expect(dialogue.store.mails.isEmpty)
    dialogue = try await play(#"C: BDAT 2 LAST\r\na\r\"# + "\nS: 550 5.6.0")
    #expect(dialogue.store.mails.isEmpty)
    dialogue = try await play("C: DATA\nS: 503 5.5.1\n" + bare + "\nS: 250", body: " BODY=BINARYMIME")
    #expect(dialogue.store.mails.first?.text == "a\nb\n")
    #expect(dialogue.store.mails.first?.envelope.body == .binaryMIME)
  }

  @Test func tooBigIsToldAtTheChunk() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.maximumMessageBytes = 5
    _ = try await play(
      #"""
      C: BDAT 3\r\nA: \
      S: 250
      C: BDAT 3\r\nb\r\n\
      S: 552 5.3.4
      C: BDAT 1 LAST\r\nx\
      S: 503
      """#, on: dialogue)
  }

  @Test func aSpoolThatCannotBeginCostsOnlyItsChunk() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.store.fail(.begin, with: .noSpace)
    dialogue.configuration.honours = .all
    try await dialogue.play(
      Self.opening + #"""
        C: BDAT 6 LAST\r\nRSET\r\n\
        S: 452 4.3.1
        C: NOOP
        S: 250
        """#)
  }

  @Test func whatSendersAskForIsKept() async throws {
    let dialogue = try await play(
      #"""
      C: RSET
      S: 250
      C: MAIL FROM:<a@client.example> RET=FULL ENVID=e1 MT-PRIORITY=5
      S: 250
      C: RCPT TO:<coco@test.example> NOTIFY=SUCCESS ORCPT=rfc822;c@x
      S: 250
      C: BDAT 2 LAST\r\n\r\n\
      S: 250
      """#)
    let envelope = try #require(dialogue.store.mails.first?.envelope)
    // A stranger cannot push ahead, nor have whole mails or reports of success sent to whom they name.
    #expect(envelope.requests.return == .headers && envelope.requests.envelopeID == "e1")
    #expect(envelope.requests.priority == 0)
    #expect(envelope.recipients.first?.notification == .init(notify: .never, originalRecipient: "rfc822;c@x"))
  }

  @Test func lmtpAnswersForEachRecipient() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.speaksLMTP = true
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 500 5.5.1
      C: LHLO client.example
      S: 250 *PIPELINING
      C: MAIL FROM:<>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: RCPT TO:<mike@test.example>
      S: 250
      C: RCPT TO:<nobody@test.example>
      S: 550
      C: DATA
      S: 354
      C: Subject: x
      C: .
      S: 250 2.0.0 queued
      S: 250 2.0.0 queued
      -- silence
      C: QUIT
      S: 221
      """)
    #expect(dialogue.store.mails.count == 1)
  }

  /// RFC 3030 §2: a mail of which a chunk was refused has failed, and what is pipelined behind it is no other mail.
  @Test(arguments: [Dialogue.Chunking.lines, .glued, .bytes(3)])
  func behindARefusedFirstChunkComesNoMail(chunking: Dialogue.Chunking) async throws {
    let dialogue = try await play(
      #"""
      C: BDAT 6\r\nA: b\r\n\
      C: BDAT 6 LAST\r\ntail\r\n\
      S: 451 4.7.1
      S: 503 5.5.1
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: BDAT 8 LAST\r\nC: d\r\n\r\n\
      S: 250 2.0.0 queued
      """#, chunking: chunking, on: Dialogue(hooks: LateRiser()))
    #expect(dialogue.store.mails.map(\.text) == ["C: d\r\n\r\n"])
  }

  /// RFC 2033 §4.2: the end of a mail is answered once for each recipient, whatever the answer, and nothing else is.
  @Test func lmtpCountsItsAnswersToChunks() async throws {
    let dialogue = Dialogue(hooks: LateRiser())
    dialogue.configuration.speaksLMTP = true
    let envelope = """
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: RCPT TO:<mike@test.example>
      S: 250

      """
    try await dialogue.play(
      "S: 220\nC: LHLO client.example\nS: 250\n" + envelope + #"""
        C: BDAT 6 LAST\r\nA: b\r\n\
        S: 451 4.7.1
        S: 451 4.7.1
        C: NOOP
        S: 250

        """# + envelope + #"""
          C: BDAT 11\r\nA: b\nC: d\r\n\
          S: 250
          C: BDAT 2\r\n\r\n\
          S: 550 5.6.0
          -- silence
          C: NOOP
          S: 250

          """# + envelope + #"""
          C: BDAT 13\r\nA: b\nC: d\r\n\r\n\
          S: 550 5.6.0
          -- silence
          C: RSET
          S: 250

          """# + envelope + #"""
          C: BDAT 13 LAST\r\nA: b\nC: d\r\n\r\n\
          S: 550 5.6.0
          S: 550 5.6.0
          -- silence
          C: QUIT
          S: 221
          """#)
    #expect(dialogue.store.mails.isEmpty)
  }
}

/// Takes no content when it is first asked.
private struct LateRiser: ReceiverHooks {
  private var village = Village()
  private var isAwake = false

  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    try await village.clientLookup(mailbox)
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    nil
  }

  mutating func data(_ conversation: inout Conversation) async throws -> StageVerdict {
    defer { isAwake = true }
    return isAwake ? .proceed : .defer("not yet")
  }
}
