import Logging
import MTACore
import MTASystem
import MTATLS
import MTATestSupport
import NIOCore
import NIOPosix
import Testing

@testable import MTADelivery

/// One courier for domains that share their exchangers: a connection goes on only where what it established is enough.
struct ConnectionReuseTests {
  static func courier(_ setup: Setup, to domain: Domain) throws -> ServerCourier {
    let configuration = setup.configuration
    let tls = try TLSContexts(trustRoots: configuration.trustRoots)
    let group = MultiThreadedEventLoopGroup.singleton
    return ServerCourier(
      .domain(domain), serverName: configuration.serverName,
      router: Router(dns: setup.zone, configuration: configuration),
      policies: TLSPolicyFinder(
        dns: setup.zone, configuration, tls, clock: setup.clock, group: group, threads: .singleton, files: .init(),
        logger: quiet), sources: SourceAddresses(),
      environment: LinkEnvironment(
        group: group, tls: tls, timeouts: configuration.timeouts, logger: quiet, dialogue: nil))
  }

  static func mail(_ setup: Setup) -> OutgoingMail {
    OutgoingMail(
      .test("m1", to: ["x@a.example"], at: setup.clock.now),
      unsigned: StoredContent(trace: ByteBuffer(), content: ByteBuffer(string: "Subject: x\r\n\r\nx\r\n")))
  }

  /// Mails to each domain in turn; `outcome | policy` of each.
  static func deliver(_ domains: [String], _ tls: TLSContext?, _ demands: [String: TLSDemand]) async throws -> (
    [String], connections: Int, quits: Int
  ) {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = tls
    return try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      for domain in ["a", "b", "c"] { try setup.zone.add("\(domain).example MX 10 mx.test.example") }
      try setup.zone.add("mx.test.example A 127.0.0.1\nother.example A 127.0.0.1")
      setup.configuration.trustRoots = TestCertificate.Issued.trust
      setup.configuration.tlsPolicies = DomainTable(demands)
      setup.configuration.mtaSTS = nil
      var courier = try courier(setup, to: Domain(domains[0])!)
      var attempts: [String] = []
      for domain in domains {
        courier.turn(to: Domain(domain)!)
        let attempt = await courier.deliver(mail(setup), to: [Mailbox("x@\(domain)")!])
        attempts.append(
          "\(attempt.results[0].outcome) \(attempt.tlsPolicy?.prefix { $0 != " " } ?? "none")"
            + (attempt.isUnreachable ? " unreachable" : ""))
      }
      courier.end()
      return (attempts, sink.connections, sink.lines.filter { $0 == "QUIT" }.count)
    }
  }

  @Test func whatIsVerifiedIsEnoughForAll() async throws {
    let result = try await Self.deliver(
      ["a.example", "b.example", "c.example", "a.example"], TestCertificate.Issued.server(),
      ["b.example": .verify, "c.example": .encrypt])
    #expect(
      result.0 == ["delivered opportunistic", "delivered verify", "delivered encrypt", "delivered opportunistic"])
    #expect(result.connections == 1)
  }

  @Test func whatIsNotVerifiedIsNotEnough() async throws {
    let result = try await Self.deliver(
      ["a.example", "b.example", "c.example"], TestCertificate.server(), ["b.example": .verify, "c.example": .encrypt])
    // Refused by policy, so the servers still count as reachable.
    #expect(result.0 == ["delivered opportunistic", "deferred verify", "delivered encrypt"])
    #expect(result.connections == 3)
    #expect(result.quits >= 1)
  }

  @Test func otherServersGetAConnectionOfTheirOwn() async throws {
    let result = try await Self.deliver(["a.example", "other.example", "a.example"], nil, [:])
    #expect(result.0 == Array(repeating: "delivered opportunistic", count: 3))
    #expect(result.connections == 3)
  }
}
