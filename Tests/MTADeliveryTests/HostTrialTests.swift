import MTACore
import MTATLS
import Testing

@testable import MTADelivery

/// Which server comes when, and in which manner, as lists of events and expected steps.
struct HostTrialTests {
  typealias Event = HostTrial.Event
  typealias Step = HostTrial.Step

  static let opportunistic = TLSPolicy(.opportunistic, reason: "test")
  static let encrypt = TLSPolicy(.encrypt, reason: "test")

  static func hop(_ name: String, _ preference: UInt16? = 10) -> Router.NextHop {
    Router.NextHop(HostAndPort("\(name).example:25")!, preference: preference)
  }

  static func endpoint(_ last: UInt32) -> ServerEndpoint {
    ServerEndpoint(name: "mx.example", place: .address(.v4(0xC000_0200 + last), port: 25))
  }

  static func trial(
    _ hops: [Router.NextHop], requiresTLS: Bool = false, setting: DeliveryRoute? = nil, isImplicitTLS: Bool = false,
    over asked: ServerEndpoint? = nil
  ) -> HostTrial {
    HostTrial(
      on: Router.Route(hops, isImplicitTLS: isImplicitTLS, setting: setting), of: Domain("a.example"), recipients: 2,
      requiresTLS: requiresTLS, over: asked)
  }

  static func open(
    _ last: UInt32, _ name: String = "mx1", _ policy: TLSPolicy = opportunistic,
    _ manner: HostTrial.Manner = .byPolicy, preference: UInt16? = 10
  ) -> Step {
    .open(.init(endpoint: endpoint(last), hop: hop(name, preference), policy: policy, manner: manner))
  }

  static func found(_ lasts: UInt32..., under policy: TLSPolicy = opportunistic) -> Event {
    .found(.endpoints(lasts.map(endpoint), policy))
  }

  static func refused(_ trouble: DeliveryTrouble, wasReady: Bool = false) -> Event {
    .refused(trouble, wasReady: wasReady)
  }

  static func answer(_ outcomes: DeliveryOutcome..., from host: String = "first") -> Attempt {
    Attempt(outcomes.map { RecipientResult($0, "\($0)", reply: "\($0)") }, host: host)
  }

  /// What nobody took, for both recipients.
  static func failure(
    _ trouble: DeliveryTrouble, at host: String? = nil, under policy: TLSPolicy? = nil, isUnreachable: Bool
  ) -> Step {
    var attempt = Attempt(trouble, for: 2, host: host, isUnreachable: isUnreachable)
    attempt.tlsPolicy = policy?.description
    return .done(attempt)
  }

  static func play(
    _ trial: HostTrial, from first: Step? = nil, _ steps: [(Event, Step)],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var trial = trial
    if let first { #expect(trial.begin() == first, sourceLocation: sourceLocation) }
    for (event, expected) in steps {
      #expect(trial.receive(event) == expected, "at \(event)", sourceLocation: sourceLocation)
    }
  }

  static let two = [hop("mx1"), hop("mx2", 20)]

  @Test func theFirstServerTakesIt() {
    let taken = Self.answer(.delivered, .failed)
    Self.play(
      Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
      [(Self.found(1, 2), Self.open(1)), (.answered(taken), .done(taken))])
  }

  @Test func addressesThenHostsInTheirOrder() {
    Self.play(
      Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (Self.found(1, 2), Self.open(1)),
        (Self.refused(.connect("refused")), Self.open(2)),
        (Self.refused(.connectionLost(.greeting)), .find(Self.hop("mx2", 20), opensGroup: true)),
        (Self.found(3), Self.open(3, "mx2", preference: 20)),
        (
          Self.refused(.connect("timed out")),
          Self.failure(
            .connect("timed out"), at: "mx.example[192.0.2.3]:25", under: Self.opportunistic, isUnreachable: true)
        ),
      ])
  }

  @Test func onlyTheFirstOfAPreferenceOpensIt() {
    let hops = [Self.hop("mx1"), Self.hop("mx2"), Self.hop("mx3", 20)]
    Self.play(
      Self.trial(hops), from: .find(hops[0], opensGroup: true),
      [
        (.found(.noAddress), .find(hops[1], opensGroup: false)),
        (.found(.noAddress), .find(hops[2], opensGroup: true)),
        (.found(.noAddress), Self.failure(.connect("mx1.example has no address"), isUnreachable: true)),
      ])
    // A server of the settings has no preference.
    #expect(Self.play(first: Self.trial([Self.hop("relay", nil)])) == .find(Self.hop("relay", nil), opensGroup: false))
  }

  static func play(first trial: HostTrial) -> Step {
    var trial = trial
    return trial.begin()
  }

  @Test func tenAddressesAndNoMore() {
    var trial = Self.trial(Self.two)
    _ = trial.begin()
    var step = trial.receive(.found(.endpoints((1...12).map(Self.endpoint), Self.opportunistic)))
    var opened = 0
    while case .open = step {
      opened += 1
      step = trial.receive(Self.refused(.connect("refused")))
    }
    #expect(opened == HostTrial.maximumAddresses)
    guard case .done(let attempt) = step else {
      Issue.record("\(step)")
      return
    }
    #expect(attempt.isUnreachable)
  }

  // MARK: once more, in a simpler manner

  @Test func tlsThatFailsIsFollowedByClearText() {
    Self.play(
      Self.trial([Self.hop("mx1")]), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (Self.found(1, 2), Self.open(1)),
        (Self.refused(.tls("broken")), Self.open(1, "mx1", Self.opportunistic, .inClear)),
        // Once, and HELO never comes behind it.
        (Self.refused(.ehloUnanswered(.connectionLost(.hello))), Self.open(2)),
        (
          Self.refused(.ehloUnanswered(.connectionLost(.hello))),
          Self.open(2, "mx1", Self.opportunistic, .withHELO)
        ),
        (.answered(Self.answer(.delivered, .delivered)), .done(Self.answer(.delivered, .delivered))),
      ])
  }

  @Test func neverWhereThePolicyWantsTLS() {
    for trouble in [DeliveryTrouble.tls("broken"), .ehloUnanswered(.timedOut(.hello))] {
      Self.play(
        Self.trial([Self.hop("mx1")]), from: .find(Self.hop("mx1"), opensGroup: true),
        [
          (Self.found(1, 2, under: Self.encrypt), Self.open(1, "mx1", Self.encrypt)),
          (Self.refused(trouble), Self.open(2, "mx1", Self.encrypt)),
        ])
      Self.play(
        Self.trial([Self.hop("mx1")], isImplicitTLS: true), from: .find(Self.hop("mx1"), opensGroup: true),
        [(Self.found(1, 2), Self.open(1)), (Self.refused(trouble), Self.open(2))])
      Self.play(
        Self.trial([Self.hop("mx1")], requiresTLS: true), from: .find(Self.hop("mx1"), opensGroup: true),
        [(Self.found(1, 2), Self.open(1)), (Self.refused(trouble), Self.open(2))])
    }
  }

  @Test func neverHELOWithCredentials() throws {
    var setting = DeliveryRoute(.smtp(try #require(HostAndPort("relay.example:25"))))
    setting.credentials = Credentials(username: "u", password: "p")
    Self.play(
      Self.trial([Self.hop("mx1", nil)], setting: setting), from: .find(Self.hop("mx1", nil), opensGroup: false),
      [
        (Self.found(1, 2), Self.open(1, preference: nil)),
        (Self.refused(.ehloUnanswered(.timedOut(.hello))), Self.open(2, preference: nil)),
      ])
  }

  @Test func neverForAServerThatWasReady() {
    Self.play(
      Self.trial([Self.hop("mx1")]), from: .find(Self.hop("mx1"), opensGroup: true),
      [(Self.found(1, 2), Self.open(1)), (Self.refused(.tls("odd"), wasReady: true), Self.open(2))])
  }

  // MARK: one more server

  @Test func aPutOffMailGoesToOneMoreServer() {
    let putOff = Self.answer(.deferred, .deferred)
    let second = Self.answer(.delivered, .failed, from: "second")
    var trial = Self.trial(Self.two)
    _ = trial.begin()
    #expect(trial.receive(Self.found(1)) == Self.open(1))
    #expect(trial.receive(.answered(putOff)) == .find(Self.hop("mx2", 20), opensGroup: true))
    #expect(trial.receive(Self.found(2)) == Self.open(2, "mx2", preference: 20))
    #expect(!trial.hasSecondAnswer)
    // What the second refuses for good, the first may take yet.
    var merged = second
    merged.results[1] = putOff.results[1]
    #expect(trial.receive(.answered(second)) == .done(merged))
    #expect(trial.hasSecondAnswer)
  }

  @Test func theFirstWordStandsWhereTheSecondTakesNothing() {
    let putOff = Self.answer(.deferred, .deferred)
    for second in [
      Self.answer(.deferred, .failed, from: "second"), Self.answer(.failed, .failed, from: "second"),
    ] {
      Self.play(
        Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
        [(Self.found(1, 2), Self.open(1)), (.answered(putOff), Self.open(2)), (.answered(second), .done(putOff))])
    }
  }

  @Test func whoTookSomeIsTheLastToBeAsked() {
    for answer in [Self.answer(.deferred, .failed), Self.answer(.delivered, .deferred)] {
      Self.play(
        Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
        [(Self.found(1, 2), Self.open(1)), (.answered(answer), .done(answer))])
    }
  }

  // MARK: a connection that stands already

  @Test func anOpenConnectionIsAskedFirstAndNotAgain() {
    let putOff = Self.answer(.deferred, .deferred)
    let trial = Self.trial(Self.two, over: Self.endpoint(1))
    Self.play(trial, [(.answered(Self.answer(.delivered, .delivered)), .done(Self.answer(.delivered, .delivered)))])
    Self.play(
      trial,
      [
        (.answered(putOff), .find(Self.hop("mx1"), opensGroup: true)),
        (Self.found(1), .find(Self.hop("mx2", 20), opensGroup: true)),
        (Self.found(2), Self.open(2, "mx2", preference: 20)),
        (Self.refused(.connect("refused")), .done(putOff)),
      ])
    // Where there is no other host, the connection goes on to serve.
    Self.play(Self.trial([Self.hop("mx1")], over: Self.endpoint(1)), [(.answered(putOff), .done(putOff))])
  }

  @Test func aServerThatIsTiredOfItsConnectionIsAskedOverAnother() {
    Self.play(
      Self.trial(Self.two, over: Self.endpoint(1)),
      [
        (Self.refused(.connectionLost(.rset), wasReady: true), .find(Self.hop("mx1"), opensGroup: true)),
        (Self.found(1), Self.open(1)),
      ])
  }

  // MARK: what it comes to

  @Test func aPermanentTroubleHidesNoTemporaryOne() {
    Self.play(
      Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (.found(.unknown(.timedOut)), .find(Self.hop("mx2", 20), opensGroup: true)),
        (.found(.ignored), Self.failure(.dns(.timedOut, "mx1.example"), isUnreachable: true)),
      ])
    Self.play(
      Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (.found(.ignored), .find(Self.hop("mx2", 20), opensGroup: true)),
        (.found(.unknown(.timedOut)), Self.failure(.dns(.timedOut, "mx2.example"), isUnreachable: true)),
      ])
  }

  @Test func behindOurselvesNobodyIsAsked() {
    Self.play(
      Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
      [(.found(.ourselves), Self.failure(.loopsToSelf("a.example"), isUnreachable: false))])
    // What failed before is the word that stands.
    Self.play(
      Self.trial(Self.two), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (Self.found(1), Self.open(1)),
        (Self.refused(.connect("refused")), .find(Self.hop("mx2", 20), opensGroup: true)),
        (
          .found(.ourselves),
          Self.failure(
            .connect("refused"), at: "mx.example[192.0.2.1]:25", under: Self.opportunistic, isUnreachable: false)
        ),
      ])
  }

  @Test func whatAPolicyKeepsFromGoingSaysNothingOfTheServers() {
    Self.play(
      Self.trial([Self.hop("mx1")]), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (
          .found(.skipped(.tlsPolicy("not named"), Self.encrypt)),
          Self.failure(.tlsPolicy("not named"), at: "mx1.example:25", under: Self.encrypt, isUnreachable: false)
        )
      ])
    Self.play(
      Self.trial([Self.hop("mx1")]), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (Self.found(1, under: Self.encrypt), Self.open(1, "mx1", Self.encrypt)),
        (
          Self.refused(.tlsNotOffered),
          Self.failure(.tlsNotOffered, at: "mx.example[192.0.2.1]:25", under: Self.encrypt, isUnreachable: false)
        ),
      ])
  }

  @Test func aServerThatWasReadyIsReachable() {
    Self.play(
      Self.trial([Self.hop("mx1")]), from: .find(Self.hop("mx1"), opensGroup: true),
      [
        (Self.found(1), Self.open(1)),
        (
          Self.refused(.connectionLost(.mail), wasReady: true),
          Self.failure(
            .connectionLost(.mail), at: "mx.example[192.0.2.1]:25", under: Self.opportunistic, isUnreachable: false)
        ),
      ])
  }

  @Test func mailThatRequiresTLSFailsWhereThereIsNone() {
    for (trouble, meaning) in [
      (
        DeliveryTrouble.tlsNotOffered,
        DeliveryTrouble.requireTLSUnmet("mx.example[192.0.2.1]:25 does not offer it")
      ),
      (.untrustedCertificate("self-signed"), .requireTLSUnmet("self-signed")),
    ] {
      Self.play(
        Self.trial([Self.hop("mx1")], requiresTLS: true), from: .find(Self.hop("mx1"), opensGroup: true),
        [
          (Self.found(1, under: Self.encrypt), Self.open(1, "mx1", Self.encrypt)),
          (
            Self.refused(trouble),
            Self.failure(meaning, at: "mx.example[192.0.2.1]:25", under: Self.encrypt, isUnreachable: false)
          ),
        ])
    }
  }

  @Test func whoIsCancelledOpensNothingMore() {
    for event in [Self.refused(.tls("broken")), Self.refused(.connect("refused"))] {
      var trial = Self.trial(Self.two)
      _ = trial.begin()
      #expect(trial.receive(Self.found(1, 2)) == Self.open(1))
      guard case .done(let attempt) = trial.receive(event, isCancelled: true) else {
        Issue.record("went on")
        return
      }
      #expect(attempt.results.map(\.outcome) == [.deferred, .deferred])
    }
    var trial = Self.trial(Self.two)
    _ = trial.begin()
    #expect(
      trial.receive(Self.found(1), isCancelled: true) == Self.failure(.connect("no address"), isUnreachable: true))
  }
}
