import MTACore
import MTATestSupport
import Testing

/// What a stranger asks for, and the next server is known to lack, is refused before it can come back to somebody else.
struct NextHopTests {
  private static func dialogue(lacking lack: NextHopLack, trusted: Bool = false, rewrites: Bool = true) -> Dialogue {
    let dialogue = Hamlet.dialogue(["away": ["away@old.example"], "both": ["both@old.example", "both@new.example"]])
    dialogue.configuration.honours = .all
    dialogue.configuration.lacks = { $0 == Domain("old.example") ? lack : [] }
    if !rewrites { dialogue.configuration.rewriter = nil }
    dialogue.facts.isTrusted = trusted
    return dialogue
  }

  private static func greeting(_ mail: String) -> String {
    """
    S: 220
    C: EHLO client.example
    S: 250
    C: STARTTLS
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<\(mail)
    S: 250

    """
  }

  @Test(
    arguments: [
      ("away", NextHopLack.requireTLS, false, "550 5.7.30"), ("away", [], false, "250"),
      ("away", .smtpUTF8, false, "250"),
      ("away", .requireTLS, true, "250"), ("both", .requireTLS, false, "250"), ("coco", .requireTLS, false, "250"),
    ] as [(String, NextHopLack, Bool, String)])
  func requireTLS(to name: String, lack: NextHopLack, trusted: Bool, reply: String) async throws {
    try await Self.dialogue(lacking: lack, trusted: trusted).play(
      Self.greeting("a@client.example> REQUIRETLS") + "C: RCPT TO:<\(name)@test.example>\nS: \(reply)\n")
  }

  /// A sender that leaves in its own international form.
  @Test(
    arguments: [(NextHopLack.smtpUTF8, false, "550 5.6.7"), (.smtpUTF8, true, "250"), ([], false, "250")]
      as [(NextHopLack, Bool, String)])
  func internationalSenders(lack: NextHopLack, rewrites: Bool, reply: String) async throws {
    try await Self.dialogue(lacking: lack, rewrites: rewrites).play(
      Self.greeting("grüße@client.example> SMTPUTF8") + "C: RCPT TO:<away@test.example>\nS: \(reply)\n")
  }

  @Test(
    arguments: [
      ("", NextHopLack.eightBitMIME, "away", "550 5.6.3"), ("", .smtpUTF8, "away", "250"),
      ("", .eightBitMIME, "both", "250"),
      ("", [], "away", "250"), (" SMTPUTF8", .smtpUTF8, "away", "550 5.6.7"),
      (" SMTPUTF8", .eightBitMIME, "away", "250"),
    ] as [(String, NextHopLack, String, String)])
  func rawHeaders(parameters: String, lack: NextHopLack, name: String, reply: String) async throws {
    let dialogue = Self.dialogue(lacking: lack)
    try await dialogue.play(
      Self.greeting("a@client.example>" + parameters) + """
        C: RCPT TO:<\(name)@test.example>
        S: 250
        C: DATA
        S: 354
        C: Subject: Grüße
        C:
        C: text
        C: .
        S: \(reply)
        """)
    #expect(dialogue.store.mails.count == (reply == "250" ? 1 : 0))
    #expect(dialogue.store.openSpools == 0)
  }

  /// ASCII needs nothing, whatever the parameter says.
  @Test func parametersWithoutNeedAreNoReason() async throws {
    try await Self.dialogue(lacking: [.smtpUTF8, .eightBitMIME]).play(
      Self.greeting("a@client.example> SMTPUTF8 BODY=8BITMIME") + """
        C: RCPT TO:<away@test.example>
        S: 250
        C: DATA
        S: 354
        C: Subject: x
        C:
        C: Grüße
        C: .
        S: 250
        """)
  }
}
