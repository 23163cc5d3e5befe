import MTACore
import MTATestSupport
import Testing

/// Recipients, and whole mails, that go to others than the client named.
@Suite struct RedirectTests {
  /// The Village, with an alias for both members, one for a stranger too, and one for nobody.
  struct Aliases {
    var village = Village()
  }

  static let opening = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250

    """

  static func mailboxes(_ texts: String...) -> [Mailbox] { texts.compactMap { Mailbox($0) } }

  @Test func anAliasHasSeveralTargets() async throws {
    let dialogue = Dialogue(hooks: Aliases())
    try await dialogue.play(
      Self.opening + """
        C: RCPT TO:<all@test.example>
        S: 250 2.1.5
        C: RCPT TO:<mike@test.example>
        S: 250 2.1.5
        C: DATA
        S: 354
        C: .
        S: 250 2.0.0 queued as
        """)
    let recipients = try #require(dialogue.store.mails.first).envelope.recipients
    #expect(recipients.map(\.mailbox) == Self.mailboxes("coco@test.example", "mike@test.example"))
    #expect(recipients.allSatisfy { $0.client?.isMember == true })
  }

  @Test func oneForbiddenTargetForbidsAll() async throws {
    try await Dialogue(hooks: Aliases()).play(
      Self.opening + """
        C: RCPT TO:<open@test.example>
        S: 550 5.7.1 *does not support relaying
        C: RCPT TO:<empty@test.example>
        S: 550 5.1.1
        C: DATA
        S: 554 5.5.1
        """)
  }

  @Test func targetsCountAsRecipients() async throws {
    let dialogue = Dialogue(hooks: Aliases())
    dialogue.configuration.maximumRecipients = 2
    try await dialogue.play(
      Self.opening + """
        C: RCPT TO:<coco@test.example>
        S: 250
        C: RCPT TO:<all@test.example>
        S: 452 4.5.3
        """)
  }

  @Test func postmasterIsKnownAsATargetToo() async throws {
    let dialogue = Dialogue(hooks: Aliases())
    try await dialogue.play(
      Self.opening + """
        C: RCPT TO:<hosts@test.example>
        S: 250
        C: DATA
        S: 354
        C: .
        S: 250
        """)
    #expect(
      dialogue.store.mails.first?.envelope.recipients.map(\.mailbox) == Self.mailboxes("postmaster@test.example"))
  }

  @Test func aWholeMailGoesElsewhere() async throws {
    let dialogue = Dialogue(hooks: Aliases())
    try await dialogue.play(
      Self.opening + """
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: Subject: to mike
        C: .
        S: 250 2.0.0
        C: MAIL FROM:<a@client.example>
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: Subject: to stranger
        C: .
        S: 550 5.7.1 *relaying
        C: MAIL FROM:<a@client.example>
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: Subject: to nobody
        C: .
        S: 451 4.3.0
        """)
    #expect(dialogue.store.mails.count == 1 && dialogue.store.openSpools == 0)
    #expect(dialogue.store.mails.first?.envelope.recipients.map(\.mailbox) == Self.mailboxes("mike@test.example"))
  }

  /// RFC 3461 §4.1: what senders want to be told holds for those who stand in, too.
  @Test(
    arguments: [
      (" NOTIFY=NEVER", " NOTIFY=NEVER", RecipientNotification.Notify.never),
      (" NOTIFY=NEVER", " NOTIFY=SUCCESS", .success), (" NOTIFY=DELAY", " NOTIFY=FAILURE,DELAY", [.failure, .delay]),
      (" NOTIFY=NEVER", "", nil), ("", "", nil),
    ] as [(String, String, RecipientNotification.Notify?)])
  func aWholeMailTakesItsNotifyAlong(first: String, second: String, expected: RecipientNotification.Notify?)
    async throws
  {
    let dialogue = Dialogue(hooks: Aliases())
    dialogue.configuration.honours = .all
    dialogue.facts.isTrusted = true
    try await dialogue.play(
      Self.opening + """
        C: RCPT TO:<coco@test.example>\(first)
        S: 250
        C: RCPT TO:<mike@test.example>\(second)
        S: 250
        C: DATA
        S: 354
        C: Subject: to mike
        C: .
        S: 250 2.0.0
        """)
    let recipients = try #require(dialogue.store.mails.first).envelope.recipients
    #expect(recipients.map(\.mailbox) == Self.mailboxes("mike@test.example"))
    #expect(recipients.map(\.notification) == [RecipientNotification(notify: expected)])
  }

  /// RFC 2033 §4.2: an answer for each accepted RCPT, however many mailboxes came of it.
  @Test func lmtpAnswersEachRcptOnce() async throws {
    let dialogue = Dialogue(hooks: Aliases())
    dialogue.configuration.speaksLMTP = true
    try await dialogue.play(
      Self.opening.replacing("EHLO", with: "LHLO") + """
        C: RCPT TO:<all@test.example>
        S: 250
        C: RCPT TO:<mike@test.example>
        S: 250
        C: RCPT TO:<mike@test.example>
        S: 250
        C: DATA
        S: 354
        C: .
        S: 250
        S: 250
        S: 250
        C: QUIT
        S: 221
        """)
  }
}

extension RedirectTests.Aliases: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    let isAlias = ["all", "open", "empty", "hosts"].contains(mailbox.localPart)
    return isAlias ? ClientRecord(mailboxID: "alias") : try await village.clientLookup(mailbox)
  }

  mutating func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? { nil }

  mutating func rcptTo(_ recipient: Mailbox, _ c: inout Conversation) async throws -> RecipientVerdict {
    switch recipient.localPart {
    case "all": .redirect(RedirectTests.mailboxes("coco@test.example", "mike@test.example"))
    case "open": .redirect(RedirectTests.mailboxes("coco@test.example", "b@elsewhere.example"))
    case "hosts": .redirect(RedirectTests.mailboxes("PostMaster@test.example"))
    case "empty": .redirect([])
    default: .proceed
    }
  }

  mutating func message(_ c: inout Conversation) async throws -> MessageVerdict {
    switch c.header?.first(named: "Subject")?.value {
    case "to mike"?: .redirect(RedirectTests.mailboxes("mike@test.example", "Mike@test.example"))
    case "to stranger"?: .redirect(RedirectTests.mailboxes("mike@test.example", "b@elsewhere.example"))
    case "to nobody"?: .redirect([])
    default: .proceed
    }
  }
}
