import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import SuiteTurns
import Testing

/// Servers that break off at EHLO get HELO on another connection, and never where that would be a way around TLS.
@Suite(.takesTurns, .endsHangs) struct OldGreetingTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  /// A server that knows HELO alone.
  static func old(_ toEHLO: SinkServer.Answer) -> SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("EHLO") ? toEHLO : nil }
    return behaviour
  }

  static func deliver(
    to behaviour: SinkServer.Behaviour, requireTLS: Bool = false, _ change: (inout Setup) -> Void = { _ in }
  ) async throws -> (outcome: String, lines: [String], connections: Int) {
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example MX 10 mx.test.example\nmx.test.example A 127.0.0.1")
      setup.configuration.smarthost = nil
      change(&setup)
      if setup.configuration.smarthostCredentials != nil {
        setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      }
      let envelope = TLSPolicyTests.envelope("m1", setup, requireTLS, to: "x@a.example")
      try setup.queue.add(envelope, content: text)
      _ = try await setup.runner.runOnce()
      return (setup.queue.outcomes["x@a.example"] ?? "", sink.lines, sink.connections)
    }
  }

  @Test(arguments: [.drop, .silence, "421 what", "421", .raw("421 bye"), .raw("250-mx\r\n")] as [SinkServer.Answer])
  func heloOnAnotherConnection(_ answer: SinkServer.Answer) async throws {
    let found = try await Self.deliver(to: Self.old(answer)) { $0.configuration.timeouts.command = .seconds(8) }
    #expect(found.outcome == "delivered 250 2.0.0 taken")
    #expect(found.lines.prefix(3) == ["EHLO us.example", "HELO us.example", "MAIL FROM:<s@sender.example>"])
    #expect(found.connections == 2)
  }

  @Test func heloOnTheSameConnectionWhereEHLOIsRefused() async throws {
    let found = try await Self.deliver(to: Self.old("502 5.5.1 unknown"))
    #expect(found.outcome == "delivered 250 2.0.0 taken")
    #expect(found.connections == 1)
  }

  /// Refused, and the connection closed with it.
  @Test func heloOnAnotherConnectionWhereTheFirstEndsWithTheRefusal() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, connection in
      line.hasPrefix("EHLO") ? "500 unknown" : line.hasPrefix("HELO") && connection == 1 ? .drop : nil
    }
    let found = try await Self.deliver(to: behaviour)
    #expect(found.outcome == "delivered 250 2.0.0 taken")
    #expect(found.connections == 2)
  }

  /// A server that is busy, says so by a status of its own, and is left alone.
  @Test(arguments: ["421 4.3.2 too busy", "421 4.7.0 not you", "450 later"] as [SinkServer.Answer])
  func aBusyServerIsLeftAlone(_ answer: SinkServer.Answer) async throws {
    let found = try await Self.deliver(to: Self.old(answer))
    #expect(found.outcome.hasPrefix("waiting 4"))
    #expect(found.connections == 1)
  }

  @Test(arguments: [TLSDemand.encrypt, .verify, .dane]) func neverWhereTLSIsAsked(for demand: TLSDemand) async throws {
    let found = try await Self.deliver(to: Self.old(.drop)) { setup in
      setup.configuration.tlsPolicies = DomainTable(["*": demand])
    }
    #expect(found.outcome.hasPrefix("waiting 4."))
    #expect(!found.lines.contains { $0.hasPrefix("HELO") })
  }

  @Test(arguments: [TLSDemand.none, .opportunistic]) func whereTLSIsNotAsked(for demand: TLSDemand) async throws {
    let found = try await Self.deliver(to: Self.old(.drop)) { setup in
      setup.configuration.tlsPolicies = DomainTable(["*": demand])
    }
    #expect(found.outcome == "delivered 250 2.0.0 taken")
  }

  @Test func neverForMailThatRequiresTLS() async throws {
    let found = try await Self.deliver(to: Self.old(.drop), requireTLS: true) { setup in
      setup.configuration.smarthostCredentials = nil
    }
    #expect(!found.outcome.hasPrefix("delivered"))
    #expect(!found.lines.contains { $0.hasPrefix("HELO") })
  }

  /// There is no AUTH behind HELO, and a server that takes the mail without is not the one that was meant.
  @Test func neverWithCredentials() async throws {
    let found = try await Self.deliver(to: Self.old(.drop)) { setup in
      setup.configuration.smarthostCredentials = Credentials(username: "u", password: "p")
      setup.configuration.smarthostTLS = TLSDemand.none
    }
    #expect(found.outcome.hasPrefix("waiting 4.4.2 connection lost"))
    #expect(!found.lines.contains { $0.hasPrefix("HELO") })
  }

  /// TLS stands, and the server breaks off at the second EHLO; or TLS fails, and it breaks off at that in clear.
  @Test(arguments: [true, false]) func neverBehindTLS(thatWorks: Bool) async throws {
    var behaviour = SinkServer.Behaviour()
    if thatWorks { behaviour.tls = try TestCertificate.server() } else { behaviour.breaksTLS = true }
    let count = CountBox()
    behaviour.answer = { line, _ in line.hasPrefix("EHLO") && count.next() > 1 ? .drop : nil }
    let found = try await Self.deliver(to: behaviour)
    #expect(found.outcome.hasPrefix("waiting 4.4.2 connection lost"))
    #expect(found.lines.prefix(3) == ["EHLO us.example", "STARTTLS", "EHLO us.example"])
    #expect(!found.lines.contains { $0.hasPrefix("HELO") })
  }

  @Test func neverByLMTP() async throws {
    var behaviour = SinkServer.Behaviour(isLMTP: true)
    behaviour.answer = { line, _ in line.hasPrefix("LHLO") ? .drop : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.localDelivery = .lmtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
      try setup.queue.add(.test("m1", to: ["x@a.example"], .local, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 1))
      #expect(sink.lines == ["LHLO us.example"])
    }
  }
}
