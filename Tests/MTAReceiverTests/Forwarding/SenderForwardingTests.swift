import MTACore
import MTAReceiver
import MTATestSupport
import Testing

/// Senders of ours whose mail goes on: reports to them go there, too.
@Suite struct SenderForwardingTests {
  static let kept = "C: RCPT TO:<mike@test.example>\nS: 250\n" + ForwardingTests.mail

  private func dialogue(_ forwards: [String: [String]], zone: any DNSLookup = EmptyZone()) -> Dialogue {
    let dialogue = Hamlet.dialogue(forwards, zone: zone)
    dialogue.configuration.senderRules = []
    return dialogue
  }

  private func places(_ store: VolatileStore) -> [String] {
    store.mails.last?.envelope.senderArrivals.map { recipient in
      "\(recipient.mailbox) \(recipient.delivery) for \(recipient.forwardedFor?.description ?? "nobody")"
    } ?? []
  }

  /// Where reports to `info` go, as a mail of theirs is stored.
  private func places(_ forwards: [String: [String]], sender: String = "Info@test.example") async throws -> [String] {
    let dialogue = dialogue(forwards)
    try await dialogue.play(ForwardingTests.opening(sender) + Self.kept)
    let envelope = try #require(dialogue.store.mails.first?.envelope)
    #expect(envelope.reversePath.mailbox?.description == sender)
    return places(dialogue.store)
  }

  @Test func forwardsOfTheSenderAreFollowed() async throws {
    #expect(
      try await places(["info": ["all", "b@far.example"], "all": ["Coco"]]) == [
        "b@far.example remote for Info@test.example", "Coco@test.example local for all@test.example",
      ])
    #expect(
      try await places(["+info": ["b@far.example"]]) == [
        "Info@test.example local for nobody", "b@far.example remote for Info@test.example",
      ])
  }

  @Test func othersHaveNone() async throws {
    #expect(try await places(["info": ["coco"]], sender: "coco@test.example").isEmpty)
    #expect(try await places(["info": ["coco"]], sender: "a@client.example").isEmpty)
  }

  /// Their mail is taken all the same, and reports go to their own mailbox.
  @Test func whatLeadsNowhereKeepsNobodyFromSending() async throws {
    #expect(try await places(["info": ["gone"]]).isEmpty)
    #expect(try await places(["info": (0...100).map { "x\($0)@far.example" }]).isEmpty)
  }

  /// RFC 5321 §4.5.1: mail for postmaster is taken at each domain of ours, and so are reports.
  @Test func aPostmasterThatNobodyKnowsHasWhatMailForItHas() async throws {
    #expect(
      try await places([:], sender: "postmaster@test.example") == ["postmaster@test.example local for nobody"])
    #expect(
      try await places([:], sender: "PostMaster@test.example") == [
        "postmaster@test.example local for PostMaster@test.example"
      ])
    // One that has a record is as anybody else.
    #expect(
      try await places(["postmaster": ["coco"]], sender: "postmaster@test.example").map { $0.prefix(4) } == ["coco"])
    #expect(try await places([:], sender: "postmaster@elsewhere.example").isEmpty)
  }

  /// The settings name somebody else's mailbox for mail to postmaster.
  @Test(
    arguments: [
      ([:], "coco@test.example local"), (["coco": ["b@far.example"]], "b@far.example remote"),
      // A postmaster whose forwards lead nowhere has the mailbox itself.
      (["coco": ["gone"]], "coco@test.example local"),
    ] as [([String: [String]], String)]) func postmasterIsWhomTheSettingsName(
      _ forwards: [String: [String]], _ place: String
    ) async throws
  {
    let dialogue = dialogue(forwards)
    dialogue.configuration.postmaster = Mailbox("coco@test.example")
    try await dialogue.play(ForwardingTests.opening("postmaster@test.example") + Self.kept)
    #expect(places(dialogue.store).map { $0.hasPrefix(place) } == [true], "\(places(dialogue.store))")
  }

  @Test func anotherTransactionHasItsOwn() async throws {
    let dialogue = dialogue(["info": ["coco"]])
    try await dialogue.play(
      ForwardingTests.opening("info@test.example") + """
        C: RSET
        S: 250
        C: MAIL FROM:<a@client.example>
        S: 250

        """ + Self.kept)
    #expect(dialogue.store.mails.count == 1 && places(dialogue.store).isEmpty)
  }

  @Test func noQuestionGoesToTheDNS() async throws {
    let dialogue = dialogue(["info": ["b@null.example"]], zone: try LiteralZone("null.example MX 0 ."))
    try await dialogue.play(ForwardingTests.opening("info@test.example") + Self.kept)
    #expect(places(dialogue.store) == ["b@null.example remote for info@test.example"])
  }

  private struct Forgetful: ReceiverHooks {
    struct Oops: Error {}

    mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      switch mailbox.localPart {
      case "info": ClientRecord(forwards: Hamlet.mailboxes(["lost"]))
      case "lost": throw Oops()
      default: ClientRecord()
      }
    }

    mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
      nil
    }
  }

  /// Who somebody is cannot be guessed.
  @Test func aLookUpThatFailsDefersTheSender() async throws {
    let dialogue = Dialogue(hooks: Forgetful())
    dialogue.configuration.senderRules = []
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<info@test.example>
      S: 451 4.3.0
      C: RCPT TO:<mike@test.example>
      S: 503
      C: MAIL FROM:<mike@test.example>
      S: 250
      """)
  }
}
