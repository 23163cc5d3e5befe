import MTACore
import MTAReceiver
import MTATestSupport
import Testing

/// Hooks that throw, and hooks that are late.
@Suite struct HookFailureTests {
  struct Broken: Error {}

  /// Throws at all verbs, or waits until it is cancelled at MAIL.
  struct Failing {
    var waits = false
    var village = Village()
  }

  static let script = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>

    """

  @Test func withoutASettingFailuresAreTemporary() async throws {
    try await Dialogue(hooks: Failing()).play(
      Self.script + """
        S: 451 4.3.0
        C: NOOP
        S: 451 4.3.0
        """)
  }

  @Test func aFailureCanCountAsConsent() async throws {
    let dialogue = Dialogue(hooks: Failing())
    dialogue.configuration.hookFailures = [.mailFrom: .proceed, .rcptTo: .proceed, .message: .proceed]
    try await dialogue.play(
      Self.script + """
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: .
        S: 250
        C: NOOP
        S: 451 4.3.0
        """)
    // What a hook wrote before it failed does not count.
    #expect(dialogue.store.mails.first?.envelope.attributes.isEmpty == true)
  }

  @Test func aFailureCanCountAsRefusal() async throws {
    let dialogue = Dialogue(hooks: Failing())
    dialogue.configuration.hookFailures = [.mailFrom: .proceed, .rcptTo: .refuse, .noop: .refuse]
    try await dialogue.play(
      Self.script + """
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 550 5.3.0
        C: NOOP
        S: 550 5.3.0
        """)
  }

  /// A stranger must not turn into a member, nor a wrong password into a right one.
  @Test func nobodyIsLetInByAFailure() async throws {
    struct Blind: ReceiverHooks {
      func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { throw Broken() }
      func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? { throw Broken() }
    }
    let dialogue = Dialogue(hooks: Blind())
    dialogue.configuration.allowsAuthInClear = true
    for hook in HookName.allCases { dialogue.configuration.hookFailures[hook] = .proceed }
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 454 4.7.0
      C: MAIL FROM:<a@client.example>
      S: 451 4.3.0
      """)
  }

  @Test func eachHookHasItsBudget() async throws {
    let dialogue = Dialogue(hooks: Failing(waits: true))
    dialogue.timing.hookBudgets = [.mailFrom: .seconds(3)]
    dialogue.configuration.hookFailures = [.mailFrom: .refuse]
    try await dialogue.play(
      Self.script + """
        -- wait 2
        -- silence
        -- wait 2
        S: 550 5.3.0
        """)
  }

  /// What went wrong in a hook is told where the test is looked at.
  @Test func aDialogueFailureShowsTheError() async throws {
    let thrown = await #expect(throws: DialogueFailure.self) {
      try await Dialogue(hooks: Failing()).play(Self.script + "S: 250")
    }
    let threw = "log: a hook failed client=192.0.2.1 error=Broken() hook=mailFrom how=threw session="
    #expect("\(try #require(thrown))".contains(threw.replacing("Broken()", with: "\"Broken()\"")))
    let dialogue = Dialogue(hooks: Failing(waits: true))
    dialogue.timing.hookBudgets = [.mailFrom: .seconds(3)]
    let late = await #expect(throws: DialogueFailure.self) {
      try await dialogue.play(Self.script + "-- wait 4\nS: 250")
    }
    #expect("\(try #require(late))".contains("hook=mailFrom how=late session="))
  }

  @Test func closuresWillDo() async throws {
    var hooks = ClosureHooks(
      clientLookup: { Village.members[$0.localPart].map { _ in ClientRecord(mailboxID: "m") } }, auth: { _, _ in nil })
    hooks.onMailFrom = { sender, c in
      c.attributes["sender"] = .text(sender.description)
      return .proceed
    }
    hooks.onRcptTo = { recipient, _ in recipient.localPart == "mike" ? .refuse("has moved") : .proceed }
    hooks.onMessage = { c in
      try c.addHeaderField("X-Sender", "known")
      return .proceed
    }
    let dialogue = Dialogue(hooks: hooks)
    try await dialogue.play(
      Self.script + """
        S: 250
        C: RCPT TO:<mike@test.example>
        S: 550 5.7.1 has moved
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: .
        S: 250
        """)
    let mail = try #require(dialogue.store.mails.first)
    #expect(mail.trace.hasPrefix("X-Sender: known\r\n"))
    #expect(mail.envelope.attributes["sender"] == .text("<a@client.example>"))
  }
}

extension HookFailureTests.Failing: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    try await village.clientLookup(mailbox)
  }
  func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? { nil }

  func mailFrom(_ sender: ReversePath, _ c: inout Conversation) async throws -> StageVerdict {
    if waits { try await Task.sleep(for: .seconds(3600)) }
    throw HookFailureTests.Broken()
  }
  func rcptTo(_ recipient: Mailbox, _ c: inout Conversation) async throws -> RecipientVerdict {
    throw HookFailureTests.Broken()
  }
  func message(_ c: inout Conversation) async throws -> MessageVerdict {
    c.attributes["half"] = .flag(true)
    throw HookFailureTests.Broken()
  }
  func noop(_ c: inout Conversation) async throws -> CommandVerdict { throw HookFailureTests.Broken() }
}
