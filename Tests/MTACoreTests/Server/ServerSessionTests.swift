import NIOCore
import Testing

@testable import MTACore

/// The session alone: bytes and events in, actions out.
@Suite struct ServerSessionTests {
  private static func session(_ change: (inout SessionConfiguration) -> Void = { _ in }) throws -> ServerSession {
    var configuration = SessionConfiguration(
      serverName: "mx.example", postmaster: Mailbox("root@local.example"),
      localDomains: [Domain("local.example")])
    configuration.greetingRules = [DomainRequiredRule()]
    configuration.checksRoutes = false
    configuration.offersTLS = true
    change(&configuration)
    return ServerSession(configuration, ConnectionFacts(remoteAddress: .loopback4, localPort: 2525))
  }

  /// Everything that the session does with these bytes before it wants an event or more bytes.
  private static func actions(_ session: inout ServerSession, _ text: String) -> [ServerSession.Action] {
    var buffer = ByteBuffer(string: text)
    var actions: [ServerSession.Action] = []
    while let action = session.read(&buffer) { actions.append(action) }
    return actions
  }

  /// A session that said EHLO, and has a transaction as far as asked for.
  private static func greeted(recipients: Int = 0, _ change: (inout SessionConfiguration) -> Void = { _ in }) throws
    -> ServerSession
  {
    var session = try session(change)
    _ = session.receive(.connected)
    _ = session.receive(.answer(.connect(.proceed)))
    _ = actions(&session, "EHLO c.example\r\n")
    _ = session.receive(.answer(.stage(.proceed)))
    guard recipients > 0 else { return session }
    _ = actions(&session, "MAIL FROM:<>\r\n")
    _ = session.receive(.answer(.stage(.proceed)))
    for number in 0..<recipients {
      _ = actions(&session, "RCPT TO:<r\(number)@local.example>\r\n")
      _ = session.receive(.answer(.client(ClientRecord(mailboxID: "\(number)"))))
      #expect(session.receive(.answer(.recipient(.proceed))) == .reply(.recipientOK))
    }
    return session
  }

  @Test func aConnectionBeginsWithItsHook() throws {
    var session = try Self.session()
    #expect(session.receive(.connected) == .ask(.connect))
    #expect(Self.actions(&session, "EHLO too.early\r\n").isEmpty)
    #expect(session.receive(.answer(.connect(.proceed))) == .reply(Reply(220, "mx.example ESMTP")))
    var refused = try Self.session()
    _ = refused.receive(.connected)
    #expect(refused.receive(.answer(.connect(.refuse(Refusal("go away"))))) == .close(Reply(554, .policy, "go away")))
    #expect(refused.takeContactEvents() == [.violation])
  }

  @Test func mailAsksForTheSenderThenTheHook() throws {
    var session = try Self.greeted()
    let sender = Mailbox("a@b.example")
    #expect(Self.actions(&session, "MAIL FROM:<a@b.example>\r\nRCPT") == [.ask(.clientLookup(sender))])
    #expect(session.receive(.answer(.client(nil))) == .ask(.mailFrom(.mailbox(sender))))
    #expect(session.receive(.answer(.stage(.proceed))) == .reply(.senderOK))
    #expect(session.conversation.reversePath == .mailbox(sender))
    #expect(Self.actions(&session, "MAIL FROM:<>\r\n") == [.reply(.outOfSequence("nested MAIL command"))])
  }

  @Test func contentIsSpooledJudgedAndCommitted() throws {
    var session = try Self.greeted(recipients: 1)
    let id = try #require(MailID("id-1"))
    let now = Timestamp(milliseconds: 0)
    #expect(Self.actions(&session, "DATA\r\n") == [.ask(.data)])
    #expect(session.receive(.answer(.stage(.proceed))) == .openSpool)
    #expect(session.receive(.spoolOpened(id, at: now)) == .reply(.startMail))
    #expect(
      Self.actions(&session, "A: b\r\n\r\nx") == [.spool(ByteBuffer(string: "A: b\r\n\r\nx")), .ask(.endOfHeaders)])
    #expect(session.receive(.answer(.stage(.proceed))) == .none)
    #expect(Self.actions(&session, "\r\n.\r\nNOOP\r\n") == [.spool(ByteBuffer(string: "\r\n")), .ask(.inspection)])
    #expect(session.receive(.answer(.inspection([], at: now))) == .ask(.message))
    guard case .commit(let envelope, let trace) = session.receive(.answer(.message(.proceed))) else {
      Issue.record("no commit")
      return
    }
    #expect(
      envelope.id == id && envelope.recipients.count == 1 && envelope.reversePath == .null && !envelope.isSubmission)
    #expect(String(buffer: trace).hasPrefix("Received: from c.example ([127.0.0.1])\r\n"))
    let receipt = StoreReceipt(durablyStored: id)
    #expect(session.receive(.stored(receipt)) == .reply(.accepted(receipt)))
    #expect(session.conversation.recipients.isEmpty && session.conversation.mailID == nil)
  }

  @Test func aRefusalWaitsForTheTrueEnd() throws {
    var session = try Self.greeted(recipients: 1) { $0.maximumMessageBytes = 10 }
    _ = Self.actions(&session, "DATA\r\n")
    _ = session.receive(.answer(.stage(.proceed)))
    _ = session.receive(.spoolOpened(try #require(MailID("id")), at: Timestamp(milliseconds: 0)))
    #expect(Self.actions(&session, "12345678901") == [.none])
    #expect(Self.actions(&session, "more\r\nQUIT\r\n") == [.none])
    #expect(Self.actions(&session, ".\r\n") == [.abandon(.tooBig)])
    let isOver = session.isBetweenMessages
    #expect(isOver)
  }

  @Test func hooksThatFailAreAnsweredFor() throws {
    var session = try Self.greeted()
    _ = Self.actions(&session, "MAIL FROM:<>\r\n")
    #expect(session.receive(.answer(.failed)) == .reply(.hookFailed))
    #expect(session.conversation.reversePath == nil)
    _ = Self.actions(&session, "NOOP\r\n")
    #expect(session.receive(.answer(.failed)) == .reply(.hookFailed))
  }

  @Test func theHandshakeForgetsEverything() throws {
    var session = try Self.greeted()
    #expect(Self.actions(&session, "STARTTLS\r\nNOOP\r\n") == [.ask(.startTLS)])
    #expect(session.receive(.answer(.stage(.proceed))) == .startTLS(.readyForTLS))
    #expect(session.receive(.secured(Encryption(version: "TLSv1.3", cipher: "X", bits: 256))) == .none)
    #expect(session.conversation.clientName == nil)
    #expect(Self.actions(&session, "MAIL FROM:<>\r\n") == [.reply(.outOfSequence("say EHLO or HELO first"))])
    #expect(Self.actions(&session, "EHLO c\r\n") == [.ask(.ehlo(Domain("c")))])
    _ = session.receive(.answer(.stage(.proceed)))
    #expect(Self.actions(&session, "STARTTLS\r\n") == [.reply(.outOfSequence("TLS is active already"))])
  }

  @Test func errorsAreCountedAndEndTheSession() throws {
    var session = try Self.greeted { $0.maximumErrors = 2 }
    for _ in 1...2 {
      #expect(Self.actions(&session, "DATA\r\n") == [.reply(.outOfSequence("need MAIL before content"))])
    }
    #expect(Self.actions(&session, "DATA\r\nNOOP\r\n") == [.close(.tooManyErrors)])
    #expect(session.takeContactEvents() == [.violation])
  }

  @Test func anAcceptedRecipientForgives() throws {
    var session = try Self.greeted()
    _ = Self.actions(&session, "DATA\r\n")
    _ = Self.actions(&session, "MAIL FROM:<>\r\n")
    _ = session.receive(.answer(.stage(.proceed)))
    _ = Self.actions(&session, "RCPT TO:<r@local.example>\r\n")
    _ = session.receive(.answer(.client(ClientRecord(mailboxID: "r"))))
    _ = session.receive(.answer(.recipient(.proceed)))
    _ = Self.actions(&session, "MAIL FROM:<>\r\n")
    #expect(session.takeContactEvents() == [.violation, .acceptance, .violation])
  }

  @Test func aRedirectGrantsNoRelaying() throws {
    var session = try Self.greeted(recipients: 1)
    let stranger = Mailbox("x@elsewhere.example")
    _ = Self.actions(&session, "RCPT TO:<s@local.example>\r\n")
    _ = session.receive(.answer(.client(ClientRecord(mailboxID: "s"))))
    #expect(session.receive(.answer(.recipient(.redirect([stranger])))) == .ask(.clientLookup(stranger)))
    #expect(session.receive(.answer(.client(nil))) == .reply(.noRelaying))
  }

  /// The legality of each verb in each stage: fresh, greeted, after MAIL, after RCPT, after BDAT.
  @Test(arguments: [
    (Verb.ehlo, "yyyyy"), (.helo, "yyyyy"), (.lhlo, "yyyyy"), (.startTLS, "nynnn"), (.auth, "nynnn"), (.mail, "nynnn"),
    (.rcpt, "nnyyn"), (.data, "nnnyn"), (.bdat, "nnnyy"), (.xclient, "yynnn"), (.rset, "yyyyy"), (.noop, "yyyyy"),
    (.vrfy, "yyyyy"),
    (.expn, "yyyyy"), (.help, "yyyyy"), (.quit, "yyyyy"),
  ])
  func legality(verb: Verb, expected: String) {
    let found = SessionStage.allCases.map { verb.refusal(in: $0) == nil ? "y" : "n" }.joined()
    #expect(found == expected)
  }
}
