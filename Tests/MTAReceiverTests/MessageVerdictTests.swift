import MTACore
import MTATestSupport
import Testing

/// What the `message` hook may say besides yes and no.
@Suite struct MessageVerdictTests {
  /// Says what it was made to say.
  struct Judge {
    var verdict = MessageVerdict.proceed
    var fields: [(String, String)] = []
    var village = Village()
  }

  /// To both members, up to the end of the content.
  static func script(_ greeting: String = "EHLO") -> String {
    """
    S: 220
    C: \(greeting) client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250
    C: RCPT TO:<mike@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: .

    """
  }

  private let coco: Mailbox
  private let mike: Mailbox

  init() throws {
    coco = Mailbox("coco@test.example")
    mike = Mailbox("mike@test.example")
  }

  @Test func heldMailWaitsForItsRelease() async throws {
    let dialogue = Dialogue(hooks: Judge(verdict: .hold("looks\r\nodd")))
    try await dialogue.play(Self.script() + "S: 250 2.0.0 queued as")
    let store = dialogue.store
    let mail = try #require(store.mails.first)
    #expect(mail.envelope.hold == "looks??odd")
    #expect(store.parcels.count == 2 && store.parcels.allSatisfy(\.isHeld))
    let now = dialogue.clock.now
    let me = LeaseOwner(place: "boot", process: 1, mark: 1)
    #expect(try await store.claim(by: me, limit: 9, now: now, deadline: now).isEmpty)
    #expect(try await store.nextDue() == nil)
    store.release(mail.envelope.id, at: now)
    #expect(try await store.claim(by: me, limit: 9, now: now, deadline: now).first?.parcels.count == 2)
  }

  @Test func smtpQueuesForTheOthersAndNamesTheRefused() async throws {
    let dialogue = Dialogue(hooks: Judge(verdict: .recipients([mike: .refuse("no such luck")])))
    try await dialogue.play(Self.script() + "S: 250 2.0.0 queued as * but not for <mike@test.example>")
    #expect(dialogue.store.mails.first?.envelope.recipients.map(\.mailbox) == [coco])
  }

  @Test func smtpRefusesWhenAllAreRefusedAndDefersWhenOneIsDeferred() async throws {
    let refusing = Dialogue(hooks: Judge(verdict: .recipients([mike: .refuse("not mike"), coco: .refuse("not coco")])))
    try await refusing.play(Self.script() + "S: 550 5.7.1 not coco")
    let deferring = Dialogue(hooks: Judge(verdict: .recipients([mike: .defer("mike's box is full")])))
    try await deferring.play(Self.script() + "S: 451 4.7.1 mike's box is full")
    #expect(refusing.store.mails.isEmpty && deferring.store.mails.isEmpty)
    #expect(refusing.store.openSpools == 0 && deferring.store.openSpools == 0)
  }

  @Test func lmtpAnswersEachRecipient() async throws {
    let dialogue = Dialogue(hooks: Judge(verdict: .recipients([mike: .defer("full")])))
    dialogue.configuration.speaksLMTP = true
    try await dialogue.play(
      Self.script("LHLO") + """
        S: 250 2.0.0 queued as
        S: 451 4.7.1 full
        C: NOOP
        S: 250
        """)
    #expect(dialogue.store.mails.first?.envelope.recipients.map(\.mailbox) == [coco])
    let refusing = Dialogue(hooks: Judge(verdict: .recipients([mike: .defer("full"), coco: .refuse("gone")])))
    refusing.configuration.speaksLMTP = true
    try await refusing.play(
      Self.script("LHLO") + """
        S: 550 5.7.1 gone
        S: 451 4.7.1 full
        C: NOOP
        S: 250
        """)
    #expect(refusing.store.mails.isEmpty)
  }

  /// Else a peer would hear of a mail that is queued that it is not, and send it again.
  @Test func answersOfAQueuedMailAreNoErrors() async throws {
    let dialogue = Dialogue(hooks: Judge(verdict: .recipients([coco: .refuse("gone")])))
    dialogue.configuration.speaksLMTP = true
    dialogue.configuration.maximumErrors = 0
    try await dialogue.play(
      Self.script("LHLO") + """
        S: 550 5.7.1 gone
        S: 250 2.0.0
        C: NOOP
        S: 250
        """)
  }

  @Test func aStoreThatFailsDefersOnlyWhatWasAccepted() async throws {
    let dialogue = Dialogue(hooks: Judge(verdict: .recipients([coco: .refuse("gone")])))
    dialogue.configuration.speaksLMTP = true
    dialogue.store.fail(.commit, with: .noSpace)
    try await dialogue.play(
      Self.script("LHLO") + """
        S: 550 5.7.1 gone
        S: 452 4.3.1
        """)
  }

  @Test func refusalsOfSeveralPoliciesAddUp() async throws {
    let hooks = Judge(verdict: .recipients([mike: .refuse("second")])).after(
      Judge(verdict: .recipients([coco: .refuse("first")])))
    try await Dialogue(hooks: hooks).play(Self.script() + "S: 550 5.7.1 first")
  }

  @Test func fieldsStandAboveTheTrace() async throws {
    let long = Array(repeating: "word", count: 30).joined(separator: " ")
    let dialogue = Dialogue(hooks: Judge(fields: [("X-First", "yes"), ("X-Long", long)]))
    try await dialogue.play(
      Self.script() + """
        S: 250
        C: MAIL FROM:<a@client.example>
        S: 250
        """)
    let trace = try #require(dialogue.store.mails.first).trace
    #expect(trace.hasPrefix("X-First: yes\r\nX-Long: word word"))
    #expect(trace.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
    #expect(trace.contains("\r\nReceived: from client.example"))
    #expect(dialogue.store.mails.first?.text == "Subject: hello\r\n\r\n")
  }

  @Test(arguments: [
    ("X-A: b", "c"), ("", "c"), ("X A", "c"), ("X-A", "b\r\nBcc: c"), ("X-A", "b\u{0}"), ("X-A", "é"),
    ("X-A", String(repeating: "x", count: 1000)),
  ])
  func brokenFieldsAreNotSent(name: String, value: String) async throws {
    let dialogue = Dialogue(hooks: Judge(fields: [("X-Good", "1"), (name, value)]))
    try await dialogue.play(Self.script() + "S: 451 4.3.0")
    #expect(dialogue.store.mails.isEmpty)
  }
}

extension MessageVerdictTests.Judge: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    try await village.clientLookup(mailbox)
  }
  mutating func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? { nil }
  mutating func message(_ c: inout Conversation) async throws -> MessageVerdict {
    for (name, value) in fields { try c.addHeaderField(name, value) }
    return verdict
  }
}
