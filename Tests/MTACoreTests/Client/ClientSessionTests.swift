import MTACore
import NIOCore
import Testing

/// The session's dialogue as lists of events and expected actions.
struct ClientSessionTests {
  typealias Event = ClientSession.Event
  typealias Action = ClientSession.Action

  static let a = Mailbox("a@example.org")
  static let b = Mailbox("b@example.org")
  static let c = Mailbox("c@example.org")
  static let sender = ReversePath("<s@example.com>")!

  /// Content that was empty, ended.
  static let ended: Action = .sendOctets(ByteBuffer(string: ".\r\n"))

  static func session(
    _ dialect: ClientSession.Dialect = .smtp, tls: ClientSession.TLSWish = .opportunistic,
    credentials: Credentials? = nil, enoughContent: Int = 32_768
  ) -> ClientSession {
    var configuration = ClientSession.Configuration(
      dialect, serverName: "us.example", tls: tls, credentials: credentials)
    configuration.enoughContent = enoughContent
    return ClientSession(configuration)
  }

  static func reply(_ code: UInt16, _ text: String = "", bytesFollow: Bool = false) -> Event {
    .reply(RemoteReply(code, text), bytesFollow: bytesFollow)
  }

  static func mail(_ recipients: Mailbox..., size: Int = 100, body: BodyType = .sevenBit, utf8: Bool = false) -> Event {
    .deliver(
      ClientTransaction(
        from: sender, to: recipients.map { .init($0) }, size: size, body: body, hasInternationalHeader: utf8))
  }

  /// A session that is ready, with these lines announced.
  static func ready(
    _ dialect: ClientSession.Dialect = .smtp, _ capabilities: String..., enoughContent: Int = 32_768
  ) -> ClientSession {
    var session = session(dialect, tls: .never, enoughContent: enoughContent)
    play(
      &session,
      [
        (.opened, .wait),
        (reply(220), .send([dialect == .lmtp ? .lhlo("us.example") : .ehlo("us.example")])),
        (reply(250, (["mx.example.org"] + capabilities).joined(separator: "\n")), .ready),
      ])
    return session
  }

  static func play(
    _ session: inout ClientSession, _ steps: [(Event, Action)], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (event, expected) in steps {
      let action = session.receive(event)
      #expect(action == expected, "at \(event)", sourceLocation: sourceLocation)
    }
  }

  @Test func oneMailWithoutPipelining() {
    var session = Self.ready()
    Self.play(
      &session,
      [
        (Self.mail(Self.a, Self.b), .send([.mail(Self.sender, parameters: [])])),
        (Self.reply(250), .send([.rcpt(Self.a)])),
        (Self.reply(250), .send([.rcpt(Self.b)])),
        (Self.reply(250), .send([.data])),
        (Self.reply(354), .sendContent),
        (.contentEnded, Self.ended),
        (
          Self.reply(250, "2.0.0 ok"),
          .settled([.taken("250 2.0.0 ok"), .taken("250 2.0.0 ok")], .ready)
        ),
        (.finish, .send([.quit])),
        (Self.reply(221), .close),
      ])
  }

  @Test func pipelinedWithParameters() {
    var session = Self.ready(.smtp, "PIPELINING", "SIZE 1000", "8BITMIME", "SMTPUTF8")
    Self.play(
      &session,
      [
        (
          Self.mail(Self.a, Self.b, body: .eightBitMIME),
          .send([.mail(Self.sender, parameters: ["SIZE=100", "BODY=8BITMIME"]), .rcpt(Self.a), .rcpt(Self.b), .data])
        ),
        (Self.reply(250), .wait),
        (Self.reply(250), .wait),
        (Self.reply(250), .wait),
        (Self.reply(354), .sendContent),
        (.contentEnded, Self.ended),
        (Self.reply(250), .settled([.taken("250"), .taken("250")], .ready)),
        // The next mail needs no RSET.
        (
          Self.mail(Self.c, utf8: true),
          .send([.mail(Self.sender, parameters: ["SIZE=100", "SMTPUTF8"]), .rcpt(Self.c), .data])
        ),
      ])
  }

  @Test func aRefusedRecipientMarksNoOther() {
    var session = Self.ready(.smtp, "PIPELINING")
    Self.play(
      &session,
      [
        (
          Self.mail(Self.a, Self.b, Self.c),
          .send([.mail(Self.sender, parameters: []), .rcpt(Self.a), .rcpt(Self.b), .rcpt(Self.c), .data])
        ),
        (Self.reply(250), .wait),
        (Self.reply(550, "5.1.1 unknown"), .wait),
        (Self.reply(250), .wait),
        (Self.reply(450, "4.2.0 greylisted"), .wait),
        (Self.reply(354), .sendContent),
        (.contentEnded, Self.ended),
        (
          Self.reply(250, "ok"),
          .settled(
            [
              .refused(.failed, "550 5.1.1 unknown (in reply to RCPT TO)"), .taken("250 ok"),
              .refused(.deferred, "450 4.2.0 greylisted (in reply to RCPT TO)"),
            ], .ready)
        ),
      ])
  }

  @Test func withoutAcceptedRecipientNoDataAndThenRset() {
    var session = Self.ready()
    Self.play(
      &session,
      [
        (Self.mail(Self.a), .send([.mail(Self.sender, parameters: [])])),
        (Self.reply(250), .send([.rcpt(Self.a)])),
        (Self.reply(550, "no"), .settled([.refused(.failed, "550 no (in reply to RCPT TO)")], .ready)),
        (Self.mail(Self.b), .send([.rset])),
        (Self.reply(250), .send([.mail(Self.sender, parameters: [])])),
        (Self.reply(250), .send([.rcpt(Self.b)])),
      ])
  }

  @Test func aRefusedSenderSettlesAllOnceTheirAnswersCame() {
    var session = Self.ready(.smtp, "PIPELINING")
    let refused = RecipientResult.refused(.failed, "550 5.7.1 go away (in reply to MAIL FROM)")
    Self.play(
      &session,
      [
        (Self.mail(Self.a, Self.b), .send([.mail(Self.sender, parameters: []), .rcpt(Self.a), .rcpt(Self.b), .data])),
        (Self.reply(550, "5.7.1 go away"), .wait),
        (Self.reply(503), .wait),
        (Self.reply(250), .wait),
        (Self.reply(503), .settled([refused, refused], .ready)),
      ])
  }

  /// RFC 2920 §3.1: it may, and is given nothing.
  @Test func aServerThatWantsContentForNobodyIsLeft() {
    var session = Self.ready(.smtp, "PIPELINING")
    Self.play(
      &session,
      [
        (Self.mail(Self.a), .send([.mail(Self.sender, parameters: []), .rcpt(Self.a), .data])),
        (Self.reply(250), .wait),
        (Self.reply(550, "no"), .wait),
        (Self.reply(354), .settled([.refused(.failed, "550 no (in reply to RCPT TO)")], .close)),
        (Self.reply(250), .wait),
      ])
  }

  @Test func aPipelinedTransactionThatNobodyWantsIsReset() {
    var session = Self.ready(.smtp, "PIPELINING")
    Self.play(
      &session,
      [
        (Self.mail(Self.a), .send([.mail(Self.sender, parameters: []), .rcpt(Self.a), .data])),
        (Self.reply(250), .wait),
        (Self.reply(550, "no"), .wait),
        (Self.reply(554, "no valid recipients"), .settled([.refused(.failed, "550 no (in reply to RCPT TO)")], .ready)),
        (Self.mail(Self.b), .send([.rset, .mail(Self.sender, parameters: []), .rcpt(Self.b), .data])),
      ])
  }

  @Test func aRefusedSenderEndsAnUnpipelinedTransactionAtOnce() {
    var session = Self.ready()
    Self.play(
      &session,
      [
        (Self.mail(Self.a), .send([.mail(Self.sender, parameters: [])])),
        (Self.reply(451, "later"), .settled([.refused(.deferred, "451 later (in reply to MAIL FROM)")], .ready)),
        (Self.mail(Self.b), .send([.mail(Self.sender, parameters: [])])),
      ])
  }

  @Test func aFullTransactionLeavesASurplus() {
    var session = Self.ready(.smtp, "PIPELINING")
    Self.play(
      &session,
      [
        (
          Self.mail(Self.a, Self.b, Self.c),
          .send([.mail(Self.sender, parameters: []), .rcpt(Self.a), .rcpt(Self.b), .rcpt(Self.c), .data])
        ),
        (Self.reply(250), .wait),
        (Self.reply(250), .wait),
        (Self.reply(452, "4.5.3 too many recipients"), .wait),
        (Self.reply(552, "5.2.2 mailbox full"), .wait),
        (Self.reply(354), .sendContent),
        (.contentEnded, Self.ended),
        (
          Self.reply(250),
          .settled(
            [
              .taken("250"),
              .refused(.deferred, "452 4.5.3 too many recipients (in reply to RCPT TO)", isSurplus: true),
              .refused(.failed, "552 5.2.2 mailbox full (in reply to RCPT TO)"),
            ], .ready)
        ),
      ])
  }

  @Test func lmtpAnswersForEachAcceptedRecipient() {
    var session = Self.ready(.lmtp, "PIPELINING")
    Self.play(
      &session,
      [
        (
          Self.mail(Self.a, Self.b, Self.c),
          .send([.mail(Self.sender, parameters: []), .rcpt(Self.a), .rcpt(Self.b), .rcpt(Self.c), .data])
        ),
        (Self.reply(250), .wait),
        (Self.reply(250), .wait),
        (Self.reply(550, "unknown"), .wait),
        (Self.reply(250), .wait),
        (Self.reply(354), .sendContent),
        (.contentEnded, Self.ended),
        (Self.reply(452, "4.2.2 quota"), .wait),
        (
          Self.reply(250, "2.1.5 saved"),
          .settled(
            [
              .refused(.deferred, "452 4.2.2 quota (in reply to end of DATA)"),
              .refused(.failed, "550 unknown (in reply to RCPT TO)"), .taken("250 2.1.5 saved", by: .lmtp),
            ], .ready)
        ),
      ])
  }

  @Test func aLineLostBetweenLmtpAnswersDefersTheRestOnly() {
    var session = Self.ready(.lmtp)
    Self.play(
      &session,
      [
        (Self.mail(Self.a, Self.b), .send([.mail(Self.sender, parameters: [])])),
        (Self.reply(250), .send([.rcpt(Self.a)])),
        (Self.reply(250), .send([.rcpt(Self.b)])),
        (Self.reply(250), .send([.data])),
        (Self.reply(354), .sendContent),
        (.contentEnded, Self.ended),
        (Self.reply(250), .wait),
        (
          .lost,
          .settled(
            [
              .taken("250", by: .lmtp),
              .trouble(
                .deferred,
                "4.4.2 connection lost while waiting for the answer to end of DATA; the server may have taken the mail all the same"
              ),
            ], .close)
        ),
      ])
  }
}
