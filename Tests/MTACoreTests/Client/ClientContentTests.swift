import MTACore
import NIOCore
import Testing

/// What the session makes of the server's bytes, and of the content: bytes in, actions out.
struct ClientContentTests {
  typealias Tests = ClientSessionTests

  /// A session whose server waits for content.
  static func session(enoughContent: Int = 32_768) -> ClientSession {
    var session = Tests.ready(.smtp, "PIPELINING", enoughContent: enoughContent)
    for event in [Tests.mail(Tests.a), Tests.reply(250), Tests.reply(250), Tests.reply(354)] {
      _ = session.receive(event)
    }
    return session
  }

  static func piece(_ text: String) -> ClientSession.Event { .content(ByteBuffer(string: text)) }
  static func octets(_ text: String) -> ClientSession.Action { .sendOctets(ByteBuffer(string: text)) }

  // MARK: content

  @Test func dotsAreDoubledAndTheEndIsMarked() {
    var session = Self.session()
    Tests.play(
      &session,
      [
        (Self.piece(".a\r\n"), .wait), (Self.piece("b\r"), .wait), (Self.piece("\n.\r\nc"), .wait),
        (.contentEnded, Self.octets("..a\r\nb\r\n..\r\nc\r\n.\r\n")),
        (Tests.reply(250), .settled([.taken("250")], .ready)),
      ])
  }

  @Test func whatIsEnoughLeavesAtOnce() {
    var session = Self.session(enoughContent: 4)
    Tests.play(
      &session,
      [
        (Self.piece("a\r\n"), .wait), (Self.piece("b"), Self.octets("a\r\nb")), (Self.piece("."), .wait),
        (.contentEnded, Self.octets(".\r\n.\r\n")), (Tests.reply(250), .settled([.taken("250")], .ready)),
      ])
  }

  /// One mail's unfinished line is not the next one's.
  @Test func eachMailBeginsAnew() {
    var session = Self.session()
    for event in [Self.piece("a\r"), .contentEnded, Tests.reply(250)] { _ = session.receive(event) }
    for event in [Tests.mail(Tests.b), Tests.reply(250), Tests.reply(250), Tests.reply(354)] {
      _ = session.receive(event)
    }
    Tests.play(&session, [(Self.piece(".b"), .wait), (.contentEnded, Self.octets("..b\r\n.\r\n"))])
  }

  @Test func contentIsWantedFrom354ToItsEnd() {
    var session = Tests.ready(.smtp, "PIPELINING")
    for event in [Tests.mail(Tests.a), Tests.reply(250), Tests.reply(250)] {
      _ = session.receive(event)
      #expect(!session.wantsContent)
    }
    _ = session.receive(Tests.reply(354))
    #expect(session.wantsContent)
    var refused = session
    _ = refused.receive(Tests.reply(552, "too big"))
    #expect(!refused.wantsContent && !refused.isSendingContent)
    _ = session.receive(.contentEnded)
    #expect(!session.wantsContent && !session.isSendingContent)
  }

  // MARK: replies

  /// The actions for these bytes, given as so many pieces.
  static func actions(_ session: inout ClientSession, _ text: String, inPiecesOf size: Int = .max) -> (
    actions: [ClientSession.Action], heard: [String]
  ) {
    var actions: [ClientSession.Action] = []
    var heard: [String] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      var bytes = ByteBuffer(bytes: rest.prefix(size))
      rest = rest.dropFirst(size)
      while let action = session.read(&bytes, heard: { heard.append("\($0)") }) { actions.append(action) }
      #expect(bytes.readableBytes == 0)
    }
    return (actions, heard)
  }

  @Test(arguments: [1, 2, 7, .max]) func repliesMayComeInAnyPieces(of size: Int) {
    var session = Tests.session()
    _ = session.receive(.opened)
    #expect(
      Self.actions(&session, "220-mx\r\n220 hello\r\n", inPiecesOf: size).actions == [.send([.ehlo("us.example")])])
    #expect(Self.actions(&session, "250-mx\r\n250 PIPELINING\r\n", inPiecesOf: size).actions == [.ready])
    _ = session.receive(Tests.mail(Tests.a))
    let (actions, heard) = Self.actions(&session, "250 a\r\n250 b\r\n354 c\r\n", inPiecesOf: size)
    #expect(actions == [.wait, .wait, .sendContent])
    #expect(heard == ["250 a", "250 b", "354 c"])
  }

  @Test func aFaultEndsTheSession() {
    var session = Tests.session()
    _ = session.receive(.opened)
    let (actions, heard) = Self.actions(&session, "HTTP/1.1 400\r\n220 hello\r\n")
    #expect(actions == [.refused(.violation("noCode", .greeting), .close)])
    #expect(heard == [])
  }

  @Test func wordsThatNobodyAskedForMakeAllDoubtful() {
    var session = Tests.session()
    _ = session.receive(.opened)
    #expect(
      Self.actions(&session, "220 hello\r\n250 mx\r\n").actions
        == [.refused(.violation("more replies than commands", .hello), .close)])
    // Blank lines are no words.
    session = Tests.session()
    _ = session.receive(.opened)
    #expect(Self.actions(&session, "220 hello\r\n\r\n").actions == [.send([.ehlo("us.example")])])
  }

  @Test func a421BehindTheLastAnswerLeavesThatAsItIs() {
    var session = Self.session()
    _ = session.receive(.contentEnded)
    #expect(
      Self.actions(&session, "250 ok\r\n421 bye\r\n").actions == [.settled([.taken("250 ok")], .ready), .close])
  }

  /// RFC 3207 §4.2
  @Test func nothingThatCameInClearCountsUnderTLS() {
    var session = Tests.session(tls: .required)
    _ = session.receive(.opened)
    _ = Self.actions(&session, "220 hello\r\n")
    #expect(Self.actions(&session, "250-mx\r\n250 STARTTLS\r\n").actions == [.send([.startTLS])])
    var injected = session
    #expect(Self.actions(&injected, "220 go\r\n421 x\r\n").actions == [.refused(.bytesBeforeTLS, .close)])
    // Half a blank line is none of the first reply under TLS.
    #expect(Self.actions(&session, "220 go\r\n  ").actions == [.startTLS])
    #expect(session.receive(.secured) == .send([.ehlo("us.example")]))
    #expect(Self.actions(&session, "250 mx\r\n").actions == [.ready])
  }
}
