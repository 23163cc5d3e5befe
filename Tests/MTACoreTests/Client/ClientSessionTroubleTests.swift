import MTACore
import NIOCore
import Testing

/// Whatever happens at whatever moment, each recipient gets one outcome, and none is failed for trouble that is not its
/// own.
struct ClientSessionTroubleTests {
  typealias Tests = ClientSessionTests

  /// The replies of a good dialogue with two recipients, pipelined, up to the end.
  static let script: [ClientSession.Event] = [
    Tests.mail(Tests.a, Tests.b), Tests.reply(250), Tests.reply(250), Tests.reply(250), Tests.reply(354), .contentEnded,
  ]

  static let interruptions: [ClientSession.Event] = [
    .lost, .timedOut, .malformedReply(.noCode), Tests.reply(421, "4.3.2 shutting down"),
  ]

  @Test(arguments: 1...6, interruptions)
  func anInterruptionDefersAll(after count: Int, _ interruption: ClientSession.Event) {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script.prefix(count) { _ = session.receive(event) }
    let action = session.receive(interruption)
    if count == 1 {
      guard case .refused(let trouble, .close) = action else {
        Issue.record("the mail was not looked at, but \(action)")
        return
      }
      #expect(OutcomeClassifier.judge(trouble).outcome == .deferred)
    } else {
      guard case .settled(let results, .close) = action else {
        Issue.record("expected results, got \(action)")
        return
      }
      #expect(results.map(\.outcome) == [.deferred, .deferred])
    }
    // Nothing follows the end.
    #expect(session.receive(Tests.reply(250)) == .wait)
    #expect(session.receive(.lost) == .wait)
  }

  @Test func aRefusalHeardBeforeTheInterruptionStands() {
    var session = Tests.ready(.smtp, "PIPELINING")
    Tests.play(
      &session,
      [
        (
          Tests.mail(Tests.a, Tests.b),
          .send([.mail(Tests.sender, parameters: []), .rcpt(Tests.a), .rcpt(Tests.b), .data])
        ),
        (Tests.reply(250), .wait), (Tests.reply(550, "5.1.1 no"), .wait),
        (
          .lost,
          .settled(
            [
              .refused(.failed, "550 5.1.1 no (in reply to RCPT TO)"),
              OutcomeClassifier.judge(.connectionLost(.rcpt)),
            ], .close)
        ),
      ])
    #expect(
      OutcomeClassifier.judge(.connectionLost(.rcpt)).message
        == "4.4.2 connection lost while waiting for the answer to RCPT TO")
  }

  /// Only behind the content may the server have the mail (RFC 1047).
  @Test func whatWasCutOffBeforeItsEndIsKnownNotToBeTaken() {
    for phase in [ClientPhase.mail, .rcpt, .data, .content, .endOfContent] {
      for trouble in [DeliveryTrouble.connectionLost(phase), .timedOut(phase)] {
        #expect(OutcomeClassifier.judge(trouble).isCutOff == (phase != .endOfContent))
      }
    }
    #expect(!OutcomeClassifier.judge(.connect("refused")).isCutOff)
  }

  @Test func yesBeforeTheEndOfTheContentIsNoDelivery() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script.prefix(5) { _ = session.receive(event) }
    guard case .settled(let results, .close) = session.receive(Tests.reply(250, "ok")) else {
      Issue.record("expected results")
      return
    }
    #expect(results.map(\.outcome) == [.deferred, .deferred])
  }

  @Test func noBeforeTheEndOfTheContentCounts() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script.prefix(5) { _ = session.receive(event) }
    guard case .settled(let results, .close) = session.receive(Tests.reply(552, "5.3.4 too big")) else {
      Issue.record("expected results")
      return
    }
    #expect(results.map(\.outcome) == [.failed, .failed])
  }

  @Test func contentThatCannotBeReadIsNeverEnded() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script.prefix(5) { _ = session.receive(event) }
    guard case .settled(let results, .close) = session.receive(.contentFailed("disk")) else {
      Issue.record("expected results, and no further word to the server")
      return
    }
    #expect(results.map(\.outcome) == [.deferred, .deferred])
  }

  @Test func dataRefusedSettlesAndResets() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script.prefix(4) { _ = session.receive(event) }
    let result = RecipientResult.refused(.failed, "554 no (in reply to DATA)")
    Tests.play(
      &session,
      [
        (Tests.reply(554, "no"), .settled([result, result], .ready)),
        (Tests.mail(Tests.c), .send([.rset, .mail(Tests.sender, parameters: []), .rcpt(Tests.c), .data])),
      ])
  }

  @Test func anUnaskedReplyBetweenMailsClosesQuietly() {
    var session = Tests.ready()
    #expect(session.receive(Tests.reply(421)) == .close)
    session = Tests.ready()
    #expect(session.receive(Tests.reply(250)) == .close)
    session = Tests.ready()
    #expect(session.receive(.lost) == .close)
  }

  @Test func addressesThatCouldSmuggleCommandsNeverLeave() throws {
    var session = Tests.ready(.smtp, "PIPELINING")
    let forged = try #require(Mailbox(localPart: "a", domain: .name("x>\r\nRCPT TO:<b@c")))
    Tests.play(
      &session,
      [
        (
          .deliver(ClientTransaction(from: Tests.sender, to: [.init(forged), .init(Tests.b)], size: 1)),
          .send([.mail(Tests.sender, parameters: []), .rcpt(Tests.b), .data])
        ),
        (Tests.reply(250), .wait), (Tests.reply(250), .wait), (Tests.reply(354), .sendContent),
        (.contentEnded, Tests.ended),
        (
          Tests.reply(250),
          .settled(
            [.trouble(.failed, "5.1.3 the recipient's address cannot be said in a command"), .taken("250")],
            .ready)
        ),
        (
          .deliver(ClientTransaction(from: .mailbox(forged), to: [.init(Tests.b)], size: 1)),
          .settled([.trouble(.failed, "5.1.7 the sender's address cannot be said in a command")], .ready)
        ),
      ])
  }

  @Test func whatTheServerCannotCarryFailsBeforeAWord() throws {
    let utf8 = Mailbox("jürgen@example.org")
    for (event, session) in [
      (Tests.mail(Tests.a, size: 11), Tests.ready(.smtp, "SIZE 10")),
      (Tests.mail(Tests.a, utf8: true), Tests.ready(.smtp)),
      (Tests.mail(Tests.a, body: .binaryMIME), Tests.ready(.smtp)),
      (Tests.mail(utf8), Tests.ready(.smtp)),
    ] {
      var session = session
      guard case .settled(let results, .ready) = session.receive(event) else {
        Issue.record("expected a verdict for \(event)")
        continue
      }
      #expect(results.map(\.outcome) == [.failed])
    }
  }

  /// A reply too many, at hand when everything is answered: whatever was refused may have been meant for another command.
  @Test func whoeverSpeaksOutOfTurnIsNotBelieved() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script.prefix(2) { _ = session.receive(event) }
    #expect(session.receive(Tests.reply(550, "5.1.1 no", bytesFollow: true)) == .wait)
    #expect(session.receive(Tests.reply(250, "ok", bytesFollow: true)) == .wait)
    // For DATA: a second refusal, or a yes that DATA never gets.
    for code: UInt16 in [550, 250] {
      var session = session
      guard case .settled(let results, .close) = session.receive(Tests.reply(code, "", bytesFollow: true)) else {
        Issue.record("expected results, and no content")
        return
      }
      #expect(results.map(\.outcome) == [.deferred, .deferred])
    }
    guard case .settled(let results, .close) = session.receive(Tests.reply(354, bytesFollow: true)) else {
      Issue.record("expected results, and no content")
      return
    }
    #expect(results.map(\.outcome) == [.deferred, .deferred])
  }

  @Test func aReplyTooManyBehindTheLastOneOnlyEndsTheConnection() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in Self.script { _ = session.receive(event) }
    #expect(
      session.receive(Tests.reply(250, "ok", bytesFollow: true))
        == .settled([.taken("250 ok"), .taken("250 ok")], .close))
    session = Tests.session()
    _ = session.receive(.opened)
    #expect(
      session.receive(Tests.reply(220, bytesFollow: true))
        == .refused(.violation("more replies than commands", .hello), .close))
  }

  @Test func afterTheContentNobodyKnows() {
    for event in [ClientSession.Event.lost, .timedOut] {
      var session = Tests.ready(.smtp, "PIPELINING")
      for step in Self.script { _ = session.receive(step) }
      guard case .settled(let results, .close) = session.receive(event) else {
        Issue.record("expected results")
        return
      }
      #expect(
        results.allSatisfy { $0.outcome == .deferred && $0.message.hasSuffix("may have taken the mail all the same") })
    }
  }

  /// Each answer with each class of code, from every point of the dialogue: always exactly one result per recipient.
  @Test func everyPathYieldsOneOutcomePerRecipient() {
    let codes: [UInt16] = [250, 354, 421, 452, 550]
    var paths = 0
    func walk(_ session: ClientSession, _ depth: Int) {
      for code in codes {
        var session = session
        switch session.receive(Tests.reply(code)) {
        case .settled(let results, _):
          paths += 1
          #expect(results.count == 3)
        case .refused: paths += 1
        case .sendContent:
          // By BDAT the first piece is a chunk, and the second the last one.
          for _ in 1...2 { _ = session.receive(.content(ByteBuffer(string: "piece"))) }
          if depth < 9 { walk(session, depth + 1) }
          _ = session.receive(.contentEnded)
          if depth < 9 { walk(session, depth + 1) }
        default: if depth < 9 { walk(session, depth + 1) }
        }
      }
    }
    for dialect in [ClientSession.Dialect.smtp, .lmtp] {
      var session = Tests.ready(dialect, "PIPELINING")
      _ = session.receive(Tests.mail(Tests.a, Tests.b, Tests.c))
      walk(session, 0)
      session = Tests.ready(dialect, "PIPELINING", "CHUNKING", "BINARYMIME", enoughContent: 1)
      _ = session.receive(Tests.mail(Tests.a, Tests.b, Tests.c, body: .binaryMIME))
      walk(session, 0)
    }
    #expect(paths > 500)
  }
}
