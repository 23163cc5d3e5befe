import MTACore
import NIOCore
import Testing

/// Greeting, EHLO, TLS and AUTH.
struct ClientSessionOpeningTests {
  typealias Tests = ClientSessionTests

  static let us = ClientCommand.ehlo("us.example")

  @Test func heloServesWhereEhloIsUnknown() {
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])), (Tests.reply(502), .send([.helo("us.example")])),
        (Tests.reply(250, "mx\nPIPELINING\nSTARTTLS"), .ready),
      ])
    #expect(session.capabilities == ServerCapabilities())
  }

  /// What may mean that EHLO is unknown: only in clear, and only where nothing says more.
  @Test func aSessionThatEndsAtEHLOInClearSaysSo() {
    let lost = DeliveryTrouble.connectionLost(.hello)
    let goodbye = DeliveryTrouble.refused(RemoteReply(421), .hello)
    let busy = DeliveryTrouble.refused(RemoteReply(421, "4.3.2 busy"), .hello)
    for (event, trouble) in [
      (ClientSession.Event.lost, DeliveryTrouble.ehloUnanswered(lost)),
      (.timedOut, .ehloUnanswered(.timedOut(.hello))), (Tests.reply(421), .ehloUnanswered(goodbye)),
      (Tests.reply(421, "4.3.2 busy"), busy), (.malformedReply(.noCode), .violation("noCode", .hello)),
    ] {
      var session = Tests.session()
      Tests.play(
        &session, [(.opened, .wait), (Tests.reply(220), .send([Self.us])), (event, .refused(trouble, .close))])
      #expect(OutcomeClassifier.judge(.ehloUnanswered(lost)) == OutcomeClassifier.judge(lost))
    }
    // Under TLS, and by LMTP, it is what it is.
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])), (Tests.reply(250, "mx\nSTARTTLS"), .send([.startTLS])),
        (Tests.reply(220), .startTLS), (.secured, .send([Self.us])), (.lost, .refused(lost, .close)),
      ])
    session = Tests.session(.lmtp)
    Tests.play(
      &session, [(.opened, .wait), (Tests.reply(220), .send([.lhlo("us.example")])), (.lost, .refused(lost, .close))])
  }

  @Test func heloAloneHasNoExtensions() {
    var configuration = ClientSession.Configuration(serverName: "us.example", tls: .never)
    configuration.greetsWithHELO = true
    var session = ClientSession(configuration)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([.helo("us.example")])),
        (Tests.reply(250, "mx\nPIPELINING\nSTARTTLS"), .ready),
      ])
    #expect(session.capabilities == ServerCapabilities())
    session = ClientSession(configuration)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([.helo("us.example")])),
        (.lost, .refused(.connectionLost(.hello), .close)),
      ])
  }

  @Test func lmtpHasNoFallback() {
    var session = Tests.session(.lmtp)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([.lhlo("us.example")])),
        (Tests.reply(500), .refused(.refused(RemoteReply(500), .hello), .quit)), (Tests.reply(221), .close),
      ])
  }

  @Test(arguments: [421, 450, 554] as [UInt16]) func anUnwillingGreetingRefusesNoMailForGood(_ code: UInt16) {
    var session = Tests.session()
    _ = session.receive(.opened)
    let trouble = DeliveryTrouble.refused(RemoteReply(code), .greeting)
    #expect(session.receive(Tests.reply(code)) == .refused(trouble, code == 421 ? .close : .quit))
    #expect(OutcomeClassifier.judge(trouble).outcome == .deferred)
  }

  @Test func tlsForgetsWhatWasSaidInClear() {
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx\nSTARTTLS\nSIZE 10"), .send([.startTLS])),
        (Tests.reply(220), .startTLS), (.secured, .send([Self.us])), (Tests.reply(250, "mx\nPIPELINING"), .ready),
      ])
    #expect(session.isSecured)
    #expect(session.capabilities.sizeLimit == nil)
    #expect(session.capabilities.pipelining)
  }

  /// RFC 3207: an offer repeated under TLS is not taken up again.
  @Test func tlsIsNotStartedTwice() {
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])), (Tests.reply(250, "mx\nSTARTTLS"), .send([.startTLS])),
        (Tests.reply(220), .startTLS), (.secured, .send([Self.us])), (Tests.reply(250, "mx\nSTARTTLS"), .ready),
      ])
  }

  @Test func bytesBehindTheAnswerToStartTLSEndTheSession() {
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])), (Tests.reply(250, "mx\nSTARTTLS"), .send([.startTLS])),
        (Tests.reply(220, bytesFollow: true), .refused(.bytesBeforeTLS, .close)),
      ])
  }

  @Test func opportunisticTLSGoesOnWithout() {
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx\nSTARTTLS\nPIPELINING"), .send([.startTLS])),
        (Tests.reply(454), .ready),
      ])
    #expect(session.capabilities.pipelining)
  }

  @Test func requiredTLSDoesNot() {
    var session = Tests.session(tls: .required)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx"), .refused(.tlsNotOffered, .quit)),
      ])
    session = Tests.session(tls: .required)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])), (Tests.reply(250, "mx\nSTARTTLS"), .send([.startTLS])),
        (Tests.reply(500), .refused(.refused(RemoteReply(500), .startTLS), .quit)),
      ])
  }

  @Test func aFailedHandshakeIsTheHostsTrouble() {
    var session = Tests.session()
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])), (Tests.reply(250, "mx\nSTARTTLS"), .send([.startTLS])),
        (Tests.reply(220), .startTLS), (.tlsFailed("no shared cipher"), .refused(.tls("no shared cipher"), .close)),
      ])
  }

  @Test func aServerThatBreaksOffAtStartTLSHasTroubleWithIt() {
    for answers in [0, 1] {
      var session = Tests.session()
      for event in [.opened, Tests.reply(220), Tests.reply(250, "mx\nSTARTTLS")] { _ = session.receive(event) }
      if answers == 1 { #expect(session.receive(Tests.reply(220)) == .startTLS) }
      #expect(session.receive(.lost) == .refused(.tls("TLS handshake failed: connection lost"), .close))
    }
  }

  @Test func credentialsAreSaidOnlyUnderTLS() {
    let credentials = Credentials(username: "u", password: "p")
    var session = Tests.session(credentials: credentials)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx\nAUTH PLAIN"), .refused(.authenticationNotOffered, .quit)),
      ])
    session = Tests.session(tls: .established, credentials: credentials)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx\nAUTH LOGIN PLAIN"), .send([.authPlain(credentials)])), (Tests.reply(235), .ready),
      ])
  }

  @Test func refusedCredentialsDefer() {
    let credentials = Credentials(username: "u", password: "p")
    var session = Tests.session(tls: .established, credentials: credentials)
    let trouble = DeliveryTrouble.refused(RemoteReply(535), .auth)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx\nAUTH=PLAIN"), .send([.authPlain(credentials)])),
        (Tests.reply(535), .refused(trouble, .quit)),
      ])
    #expect(OutcomeClassifier.judge(trouble).outcome == .deferred)
  }

  /// RFC 4954 §4: a line of AUTH has 512 octets at most, and a long password waits for the server's word.
  @Test func longCredentialsAreSaidInTwoSteps() {
    for (length, fits) in [(369, true), (370, false), (3000, false)] {
      let credentials = Credentials(username: "u", password: String(repeating: "p", count: length))
      var line = ByteBuffer()
      ClientCommand.authPlain(credentials).encode(into: &line)
      #expect((line.readableBytes <= 512) == fits)
      var session = Tests.session(tls: .established, credentials: credentials)
      for event in [.opened, Tests.reply(220)] { _ = session.receive(event) }
      let action = session.receive(Tests.reply(250, "mx\nAUTH PLAIN"))
      guard !fits else {
        #expect(action == .send([.authPlain(credentials)]))
        continue
      }
      #expect(action == .send([.authPlainAlone]))
      #expect(session.receive(Tests.reply(334)) == .send([.authResponse("\0u\0" + credentials.password)]))
      #expect(session.receive(Tests.reply(235)) == .ready)
    }
  }

  @Test func loginServesWhereThereIsNoPlain() {
    let credentials = Credentials(username: "u", password: "p")
    var session = Tests.session(tls: .established, credentials: credentials)
    Tests.play(
      &session,
      [
        (.opened, .wait), (Tests.reply(220), .send([Self.us])),
        (Tests.reply(250, "mx\nAUTH LOGIN"), .send([.authLogin])),
        (Tests.reply(334, "VXNlcm5hbWU6"), .send([.authResponse("u")])),
        (Tests.reply(334, "UGFzc3dvcmQ6"), .send([.authResponse("p")])), (Tests.reply(235), .ready),
      ])
    // Another question is one too many.
    session = Tests.session(tls: .established, credentials: credentials)
    for event in [.opened, Tests.reply(220), Tests.reply(250, "mx\nAUTH LOGIN"), Tests.reply(334), Tests.reply(334)] {
      _ = session.receive(event)
    }
    #expect(session.receive(Tests.reply(334)) == .refused(.violation("334", .auth), .close))
    // In clear, and for somebody else's name, it is of no use.
    session = Tests.session(credentials: credentials)
    for event in [ClientSession.Event.opened, Tests.reply(220)] { _ = session.receive(event) }
    #expect(session.receive(Tests.reply(250, "mx\nAUTH LOGIN")) == .refused(.authenticationNotOffered, .quit))
    session = Tests.session(
      tls: .established, credentials: Credentials(authorizationID: "x", username: "u", password: "p"))
    for event in [ClientSession.Event.opened, Tests.reply(220)] { _ = session.receive(event) }
    #expect(session.receive(Tests.reply(250, "mx\nAUTH LOGIN")) == .refused(.authenticationNotOffered, .quit))
  }
}
