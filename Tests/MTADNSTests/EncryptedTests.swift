import MTACore
import MTADNS
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// DNS over TLS (RFC 7858) against a server on the loopback interface.
@Suite(.takesTurns, .endsHangs)
struct EncryptedTests {
  private static let certificate = TLSSource.pem(Array(TestCertificate.chain.utf8))
  private let name = DNSName(test: "a.example")
  private let sizes = NIOLockedValueBox<[Int]>([])

  private func server() async throws -> LoopbackServer {
    let context = try TLSContext.server(
      certificateChain: Self.certificate, privateKey: .pem(Array(TestCertificate.privateKey.utf8)))
    return try await LoopbackServer(tls: context) { [sizes] query, carrier in
      sizes.withLockedValue { $0.append(query.count) }
      var answer = AnswerBuilder(to: query)
      answer.answers = [AnswerBuilder.a("a.example", carrier == .stream ? 1 : 66)]
      return [answer.packet]
    }
  }

  private func resolver(
    _ servers: DNSServer..., trusts: Bool = true, deadline: Duration = .seconds(20)
  ) -> DNSResolver {
    var configuration = ResolverConfiguration(servers: servers)
    configuration.patience = deadline
    configuration.deadline = deadline
    if trusts { configuration.streams.trustRoots = .certificates(Self.certificate) }
    return DNSResolver(configuration: configuration, group: MultiThreadedEventLoopGroup.singleton)
  }

  private func secured(_ server: LoopbackServer, _ name: String?) -> DNSServer {
    DNSServer(.loopback4, port: server.address.port, security: .tls(name: name))
  }

  private func records(_ last: UInt8) -> DNSAnswer {
    .records([DNSRecord(name, ttl: 300, .address(.test(last)))], authenticated: false)
  }

  @Test func asksAServerByItsName() async throws {
    let server = try await server()
    let resolver = resolver(secured(server, "mx.test.example"))
    #expect(await resolver.lookup(name, .a) == records(1))
    #expect(await resolver.lookup(DNSName(test: "b.example"), .a) == .noSuchType)
    // One handshake, no datagram, and sizes that do not tell the name.
    #expect(server.opened.withLockedValue { $0 } == 1)
    #expect(server.ports.withLockedValue { $0.isEmpty })
    #expect(sizes.withLockedValue { $0 } == [128, 128])
    resolver.shutdown()
    try await server.close()
  }

  @Test func anotherNameIsNotBelieved() async throws {
    let server = try await server()
    #expect(await resolver(secured(server, "dns.example")).lookup(name, .a) == .failure(.unreachable))
    // Nobody that we trust vouches for it.
    #expect(
      await resolver(secured(server, "mx.test.example"), trusts: false).lookup(name, .a) == .failure(.unreachable))
    #expect(sizes.withLockedValue { $0.isEmpty })
    try await server.close()
  }

  @Test func withoutANameAnyCertificateWillDo() async throws {
    let server = try await server()
    let resolver = resolver(secured(server, nil), trusts: false)
    #expect(await resolver.lookup(name, .a) == records(1))
    resolver.shutdown()
    try await server.close()
  }

  @Test func clearTextOnlyWhereItIsListed() async throws {
    let server = try await server()
    let closed = try await LoopbackServer { _, _ in [] }
    try await closed.close()
    #expect(await resolver(secured(closed, nil)).lookup(name, .a) == .failure(.unreachable))
    #expect(await resolver(secured(closed, nil), server.address).lookup(name, .a) == records(66))
    try await server.close()
  }

  /// It waits for more of what it takes for a question; nothing is asked in clear.
  @Test func aServerWithoutTLSIsNotAsked() async throws {
    let server = try await LoopbackServer { query, _ in [AnswerBuilder(to: query).packet] }
    let resolver = resolver(secured(server, nil), deadline: .milliseconds(1000))
    // Timed out, or given up by TLS before that.
    let answer = await resolver.lookup(name, .a)
    #expect([.failure(.timedOut), .failure(.unreachable)].contains(answer))
    try await server.close()
  }
}
