import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@testable import MTADelivery

/// Domains that share their servers: what goes wrong for one of them is not the others' misfortune.
@Suite(.endsHangs)
struct SharedServersTests {
  /// A zone in which `second.example` is answered for only when `first.example` has been asked for so often, and `first.example` only so
  /// often.
  final class PatientZone: DNSLookup {
    private let zone: LiteralZone
    private let wanted: Int
    private let answered: Int
    private let asked = NIOLockedValueBox(0)

    /// - Parameters:
    ///   - wanted: questions about the first domain's exchangers before the second's are told.
    ///   - answered: questions about the first domain's exchangers that get an answer; further ones time out.
    init(_ zone: LiteralZone, wanted: Int, answered: Int = .max) {
      (self.zone, self.wanted, self.answered) = (zone, wanted, answered)
    }

    func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
      guard type == .mx else { return await zone.lookup(name, type) }
      switch name.description {
      case "first.example":
        let number = asked.withLockedValue { asked in
          asked += 1
          return asked
        }
        if number > answered { return .failure(.timedOut) }
      case "second.example":
        do {
          try await eventually("the first domain is asked for") { asked.withLockedValue { $0 } >= wanted }
        } catch {
          return .failure(.timedOut)
        }
      default: break
      }
      return await zone.lookup(name, type)
    }
  }

  /// Mails for both domains, delivered one at a time; what came of each recipient.
  static func deliver(_ setup: Setup, _ zone: PatientZone, first: Int) async throws -> [String: String] {
    var setup = setup
    setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
    for number in 0..<first {
      try setup.queue.add(
        .test("f\(number)", from: "<>", to: ["x\(number)@first.example"], at: setup.clock.now), content: "\r\nx\r\n")
    }
    try setup.queue.add(
      .test("s", from: "<>", to: ["x@second.example"], at: setup.clock.now), content: "\r\nx\r\n")
    let runner = try QueueRunner(
      queue: setup.queue, dns: zone, configuration: setup.configuration, clock: setup.clock, logger: quiet)
    _ = try await runner.runOnce()
    return setup.queue.outcomes
  }

  /// However often the first domain's exchangers cannot be looked up again, the second's mail goes to them.
  @Test func aLookUpThatFailsIsNoTroubleOfTheServers() async throws {
    try await SinkServer.serving { sink in
      let zone = try LiteralZone(
        """
        first.example MX 10 mx.test.example
        second.example MX 10 mx.test.example
        mx.test.example A 127.0.0.1
        """)
      // One to find the servers, then five that fail, after which servers in trouble would rest.
      let patient = PatientZone(zone, wanted: 6, answered: 1)
      let outcomes = try await Self.deliver(Setup(remotePort: sink.port), patient, first: 6)
      for number in 0..<6 {
        #expect(outcomes["x\(number)@first.example"]?.hasPrefix("waiting 4.4.3 first.example could not") == true)
      }
      #expect(outcomes["x@second.example"] == "delivered 250 2.0.0 taken")
      #expect(sink.mails.count == 1)
    }
  }

  /// Both domains have the same exchangers, and we are one of them: best for the first, last for the second.
  @Test func aLoopIsOneDomainsAlone() async throws {
    try await SinkServer.serving(host: "127.0.0.2") { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.ownPlaces = OwnPlaces([OwnPlaces.Place(.loopback4, port: sink.port)])
      let zone = try LiteralZone(
        """
        first.example MX 10 alias.test.example
        first.example MX 20 mx.test.example
        second.example MX 10 mx.test.example
        second.example MX 20 alias.test.example
        alias.test.example A 127.0.0.1
        mx.test.example A 127.0.0.2
        """)
      let outcomes = try await Self.deliver(setup, PatientZone(zone, wanted: 2), first: 1)
      #expect(
        outcomes == [
          "x0@first.example": "failed 5.4.6 mail for first.example loops back to this server",
          "x@second.example": "delivered 250 2.0.0 taken",
        ])
    }
  }

  /// Whether TLSA records are asked for is a matter of the domain: an answer that fails makes no server unreachable.
  @Test func recordsThatCannotBeLookedUpAreOneDomainsAlone() async throws {
    try await SinkServer.serving { sink in
      let zone = try LiteralZone(
        """
        first.example MX 10 mx.test.example
        second.example MX 10 mx.test.example
        second.example INSECURE
        mx.test.example A 127.0.0.1
        _\(sink.port)._tcp.mx.test.example SERVFAIL TLSA
        """, authenticated: true)
      let outcomes = try await Self.deliver(
        Setup(remotePort: sink.port), PatientZone(zone, wanted: 2), first: 1)
      #expect(outcomes["x0@first.example"]?.hasPrefix("waiting 4.4.3 _\(sink.port)._tcp.mx.test.example could") == true)
      #expect(outcomes["x@second.example"] == "delivered 250 2.0.0 taken")
    }
  }

  // MARK: what attempts say of servers

  @Test func whatIsTroubleOfServers() {
    for (trouble, isTroubled) in [
      (DeliveryTrouble.dns(.timedOut, "a.example"), false), (.connect("refused"), true),
      (.timedOut(.mail), true), (.connectionLost(.content), true), (.loopsToSelf("a.example"), false),
      (.noSuchDomain("a.example"), false), (.routeHolds("later"), false),
    ] {
      #expect(Attempt(trouble, for: 2).isTroubled == isTroubled, "\(trouble)")
    }
    // A server's own word about its directory is the server's trouble.
    var told = OutcomeClassifier.judge(.dns(.timedOut, "a.example"))
    told.reply = "451 4.4.3 directory"
    #expect(Attempt([told]).isTroubled)
  }

  @Test func onlyDeferralsAreHandedOn() {
    #expect(!Attempt(.loopsToSelf("a.example"), for: 1, isUnreachable: true).isUnreachable)
    #expect(Attempt(.connect("refused"), for: 1, isUnreachable: true).isUnreachable)
    let failed = OutcomeClassifier.judge(.nullMX("a.example"))
    let full = OutcomeClassifier.judge(.overQuota("full"))
    let lost = OutcomeClassifier.judge(.connectionLost(.rcpt))
    var attempt = Attempt([failed, full, lost], host: "mx.a.example", encryption: "TLSv1.3")
    attempt.tlsPolicy = "verify (set for a.example)"
    let again = attempt.again(for: 3)
    #expect(again.results == [lost, lost, lost])
    #expect(again.tlsPolicy == nil && again.encryption == nil)
    #expect(Attempt([failed, full]).again(for: 1).results == [full])
    #expect(Attempt([failed]).again(for: 2).results.map(\.outcome) == [.deferred, .deferred])
  }
}
