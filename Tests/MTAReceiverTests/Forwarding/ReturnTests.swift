import MTACore
import MTAReceiver
import MTATestSupport
import Testing

/// Mail to senders that were rewritten.
@Suite struct ReturnTests {
  private static let address = String(ForwardingTests.rewritten.dropFirst().dropLast())

  private static func script(_ recipient: String, from sender: String = "", _ answer: String) -> String {
    ForwardingTests.opening(sender) + "C: RCPT TO:<\(recipient)>\nS: \(answer)\n"
  }

  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .glued])
  func reportsComeBackToTheOriginalSender(chunking: Dialogue.Chunking) async throws {
    let dialogue = Hamlet.dialogue([:])
    try await dialogue.play(Self.script(Self.address, "250 2.1.5") + ForwardingTests.mail, chunking: chunking)
    #expect(dialogue.store.copies == ["a@client.example (remote) for \(Self.address)"])
    #expect(dialogue.store.mails.first?.envelope.reversePath == .null)
    try await dialogue.play(Self.script(Self.address.uppercased(), "250 2.1.5") + ForwardingTests.mail)
    #expect(dialogue.store.mails.count == 2)
  }

  @Test(arguments: [
    ("SRS0=sswkrv=7G=client.example=a@srs.example", "550 5.1.1 no such return address"),
    ("SRS0=sswkru=7G=victim.example=a@srs.example", "550 5.1.1 no such return address"),
    ("SRS1=sswkru=client.example==7G=a@srs.example", "550 5.1.1 no such return address"),
    ("SRS0=@srs.example", "550 5.7.1"), ("SRS0=sswkru=7G=client.example=a@test.example", "550 5.1.1 no such user"),
    ("SRS0=sswkru=7G=client.example=a@far.example", "550 5.7.1 *relaying"),
    (#""SRS0=sswkru=7G=client.example=a b"@srs.example"#, "550 5.1.1"),
    ("SRS0=sswkru=7G=client.example=\(String(repeating: "a", count: 230))@srs.example", "553 5.1.3"),
    ("SRS0=sswkru=7G=client.example=a\\x01@srs.example", "500 5.5.2"),
  ])
  func forgeriesAreRefused(address: String, reply: String) async throws {
    let dialogue = Hamlet.dialogue([:])
    try await dialogue.play(Self.script(address, reply) + "C: DATA\nS: 554 5.5.1")
    #expect(dialogue.store.mails.isEmpty)
  }

  /// Who tries signatures out is locked out as anybody who errs.
  @Test func guessingIsAViolation() async throws {
    let dialogue = Hamlet.dialogue([:])
    for guess in ["aaaaaa", "bbbbbb", "cccccc"] {
      try await dialogue.play(Self.script("SRS0=\(guess)=7G=client.example=a@srs.example", "550 5.1.1"))
    }
    try await dialogue.play("S: 421 4.7.0 Access TEMPORARILY denied\n-- closed")
  }

  @Test func theyExpire() async throws {
    let dialogue = Hamlet.dialogue([:])
    dialogue.clock.advance(by: .seconds(21 * 86_400))
    try await dialogue.play(Self.script(Self.address, "250"))
    dialogue.clock.advance(by: .seconds(86_400))
    try await dialogue.play(Self.script(Self.address, "550 5.1.1 *expired"))
  }

  @Test func othersMayWriteOnlyIfToldSo() async throws {
    let dialogue = Hamlet.dialogue([:])
    try await dialogue.play(Self.script(Self.address, from: "x@y.example", "550 5.7.1 *reports only"))
    dialogue.configuration.returnsReportsOnly = false
    try await dialogue.play(Self.script(Self.address, from: "x@y.example", "250") + ForwardingTests.mail)
    // Their own sender would not be ours to send for, either.
    #expect(
      dialogue.store.copies == [
        "a@client.example (remote) for \(Self.address) from <SRS0=nkwetc=7G=y.example=x@srs.example>"
      ])
  }

  @Test func withoutARewriterTheyAreStrangers() async throws {
    let dialogue = Hamlet.dialogue([:])
    dialogue.configuration.rewriter = nil
    try await dialogue.play(Self.script(Self.address, "550 5.7.1 *relaying"))
  }

  @Test func aReportDoesNotCircle() async throws {
    let dialogue = Hamlet.dialogue([:])
    try await dialogue.play(
      Self.script(Self.address, "250")
        + "C: DATA\nS: 354\nC: Delivered-To: \(Self.address.lowercased())\nC: .\nS: 554 5.4.6")
  }

  @Test func policiesAreAskedAndMayRefuse() async throws {
    struct NoReports: ReceiverPolicy {
      func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
        recipient.localPart.hasPrefix("SRS0=") ? .refuse("no reports today") : .proceed
      }
    }
    let dialogue = Dialogue(hooks: Hamlet(forwards: [:]).after(NoReports()))
    dialogue.configuration.rewriter = Hamlet.dialogue([:]).configuration.rewriter
    try await dialogue.play(Self.script(Self.address, "550 5.7.1 no reports today"))
  }
}
