import MTACore
import MTAReceiver
import MTATestSupport
import Testing

/// Recipients whose mail goes on.
@Suite struct ForwardingTests {
  static func opening(_ sender: String = "a@client.example") -> String {
    """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<\(sender)>
    S: 250

    """
  }

  static let mail = """
    C: DATA
    S: 354
    C: Subject: x
    C: .
    S: 250

    """

  static let rewritten = "<SRS0=sswkru=7G=client.example=a@srs.example>"

  /// What becomes of one RCPT of `info`.
  private func copies(
    _ forwards: [String: [String]], verdicts: [String: RecipientVerdict] = [:], sender: String = "a@client.example"
  ) async throws -> [String] {
    let dialogue = Hamlet.dialogue(forwards, verdicts: verdicts)
    try await dialogue.play(Self.opening(sender) + "C: RCPT TO:<Info@test.example>\nS: 250 2.1.5\n" + Self.mail)
    #expect(dialogue.store.openSpools == 0)
    return dialogue.store.copies
  }

  @Test func targetsHereAndElsewhere() async throws {
    #expect(
      try await copies(["info": ["coco", "Mike", "b@far.example"]]) == [
        "coco@test.example for Info@test.example", "Mike@test.example for Info@test.example",
        "b@far.example (remote) for Info@test.example from \(Self.rewritten)",
      ])
  }

  @Test func aCopyStays() async throws {
    let expected = [
      "Info@test.example", "b@far.example (remote) for Info@test.example from \(Self.rewritten)",
    ]
    #expect(try await copies(["+info": ["b@far.example"]]) == expected)
    #expect(try await copies(["info": ["info", "b@far.example"]]) == expected)
    #expect(try await copies(["info": []]) == ["Info@test.example"])
  }

  @Test func aHookMaySayOtherwise() async throws {
    let elsewhere = Hamlet.mailboxes(["b@far.example"])
    #expect(
      try await copies(["info": ["coco"]], verdicts: ["info": .forward(elsewhere, keepingCopy: false)]) == [
        "b@far.example (remote) for Info@test.example from \(Self.rewritten)"
      ])
    #expect(
      try await copies(["info": ["coco"]], verdicts: ["info": .forward([], keepingCopy: true)]) == [
        "Info@test.example"
      ])
    let dialogue = Hamlet.dialogue(["info": ["coco"]], verdicts: ["info": .forward([], keepingCopy: false)])
    try await dialogue.play(Self.opening() + "C: RCPT TO:<info@test.example>\nS: 550 5.1.1")
  }

  @Test func whatIsRedirectedMayForward() async throws {
    let all = RecipientVerdict.redirect(Hamlet.mailboxes(["mike", "all"]))
    #expect(
      try await copies(["info": [], "all": ["coco", "b@far.example"]], verdicts: ["info": all]) == [
        "mike@test.example", "coco@test.example for all@test.example",
        "b@far.example (remote) for all@test.example from \(Self.rewritten)",
      ])
    let dialogue = Hamlet.dialogue(["all": ["coco", "b@far.example"]])
    try await dialogue.play(
      Self.opening() + """
        C: RCPT TO:<mike@test.example>
        S: 250
        C: DATA
        S: 354
        C: X-Redirect: all
        C: .
        S: 250
        """)
    #expect(
      dialogue.store.copies == [
        "coco@test.example for all@test.example",
        "b@far.example (remote) for all@test.example from \(Self.rewritten)",
      ])
  }

  @Test func membersWhoForwardToEachOther() async throws {
    #expect(try await copies(["info": ["coco"], "coco": ["info"]]) == ["coco@test.example for Info@test.example"])
    #expect(
      try await copies(["+info": ["coco"], "+coco": ["info"]]) == [
        "Info@test.example", "coco@test.example for Info@test.example",
      ])
  }

  @Test func oneCopyForEach() async throws {
    let dialogue = Hamlet.dialogue(["info": ["mike", "b@far.example"], "all": ["coco", "mike", "b@far.example"]])
    try await dialogue.play(
      Self.opening() + """
        C: RCPT TO:<info@test.example>
        S: 250
        C: RCPT TO:<all@test.example>
        S: 250
        C: RCPT TO:<mike@test.example>
        S: 250

        """ + Self.mail)
    #expect(
      dialogue.store.copies == [
        // Named by the client itself, too: forwarded for nobody.
        "mike@test.example", "b@far.example (remote) for info@test.example from \(Self.rewritten)",
        "coco@test.example for all@test.example",
      ])
  }

  @Test func sendersOfOursAndReportsStayAsTheyAre() async throws {
    let remote = ["b@far.example (remote) for Info@test.example"]
    for sender in ["", "nobody@test.example"] {
      #expect(try await copies(["info": ["b@far.example"]], sender: sender) == remote)
    }
    // What does not fit stays, too.
    let long = String(repeating: "x", count: 64) + "@client.example"
    #expect(try await copies(["info": ["b@far.example"]], sender: long) == remote)
    let dialogue = Hamlet.dialogue(["info": ["b@far.example"]])
    dialogue.configuration.rewriter = nil
    try await dialogue.play(Self.opening() + "C: RCPT TO:<Info@test.example>\nS: 250\n" + Self.mail)
    #expect(dialogue.store.copies == remote)
  }

  /// What a target leads to is not the client's business.
  @Test func targetsAreNotTold() async throws {
    let dialogue = Hamlet.dialogue(["info": ["secret@far.example"]])
    try await dialogue.play(
      Self.opening() + "C: RCPT TO:<info@test.example>\nS: 250 2.1.5 recipient OK\n" + Self.mail)
    let trace = try #require(dialogue.store.mails.first).trace
    #expect(trace.contains("for <info@test.example>;") && !trace.contains("secret"))
  }

  @Test func targetsThatDoNotExistAreLeftOut() async throws {
    let zone = try LiteralZone(
      """
      far.example MX 10 mx.far.example
      null.example MX 0 .
      broken.example SERVFAIL
      """)
    let dialogue = Hamlet.dialogue(
      [
        "some": ["a@null.example", "b@far.example", "c@nowhere.example", "gone", "d@broken.example"],
        "null": ["gone@test.example", "a@null.example"], "nowhere": ["a@nowhere.example"], "gone-too": ["gone"],
        "circle": ["circle-too"], "circle-too": ["circle", "gone"], "host": ["PostMaster"],
      ], zone: zone)
    dialogue.configuration.checksRoutes = true
    try await dialogue.play(
      Self.opening() + """
        C: RCPT TO:<null@test.example>
        S: 550 5.1.1
        C: RCPT TO:<nowhere@test.example>
        S: 550 5.1.2
        C: RCPT TO:<some@test.example>
        S: 250
        C: RCPT TO:<circle@test.example>
        S: 250
        C: RCPT TO:<gone-too@test.example>
        S: 550 5.1.1
        C: RCPT TO:<host@test.example>
        S: 250

        """ + Self.mail)
    #expect(
      dialogue.store.copies.map { $0.split(separator: " ")[0] } == [
        "b@far.example", "d@broken.example", "circle-too@test.example", "postmaster@test.example",
      ])
  }

  @Test func boundsAreKept() async throws {
    var forwards = ["many": (0..<101).map { "t\($0)@far.example" }, "three": ["coco", "mike", "b@far.example"]]
    for depth in 0..<12 { forwards["deep\(depth)"] = ["deep\(depth + 1)"] }
    let dialogue = Hamlet.dialogue(forwards)
    dialogue.configuration.maximumRecipients = 3
    try await dialogue.play(
      Self.opening() + """
        C: RCPT TO:<many@test.example>
        S: 451 4.3.5
        C: RCPT TO:<deep0@test.example>
        S: 451 4.3.5
        C: RCPT TO:<coco@test.example>
        S: 250
        C: RCPT TO:<three@test.example>
        S: 452 4.5.3

        """ + Self.mail)
    #expect(dialogue.store.copies == ["coco@test.example"])
  }

  /// A forward opens nothing but itself.
  @Test func nothingElseIsRelayed() async throws {
    try await Hamlet.dialogue(["info": ["b@far.example"]]).play(
      Self.opening() + """
        C: RCPT TO:<info@test.example>
        S: 250
        C: RCPT TO:<b@far.example>
        S: 550 5.7.1 *relaying
        C: RCPT TO:<info%far.example@test.example>
        S: 550 5.1.1
        """)
  }

  /// RFC 2033 §4.2: an answer for each RCPT.
  @Test func lmtpAnswersEachRcptOnce() async throws {
    let dialogue = Hamlet.dialogue(["info": ["coco", "b@far.example"], "loops": ["c@far.example"]])
    dialogue.configuration.speaksLMTP = true
    try await dialogue.play(
      Self.opening().replacing("EHLO", with: "LHLO") + """
        C: RCPT TO:<info@test.example>
        S: 250
        C: RCPT TO:<loops@test.example>
        S: 250
        C: RCPT TO:<mike@test.example>
        S: 250
        C: DATA
        S: 354
        C: Delivered-To: loops@test.example
        C: .
        S: 250
        S: 554 5.4.6
        S: 250
        C: QUIT
        S: 221
        """)
    #expect(dialogue.store.copies.count == 3)
  }
}
