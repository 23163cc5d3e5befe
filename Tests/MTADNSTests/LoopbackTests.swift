import MTACore
import MTADNS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// The resolver with its sockets, against name servers on the loopback interface.
@Suite(.takesTurns, .endsHangs)
struct LoopbackTests {
  private let name = DNSName(test: "a.example")

  private func resolver(
    _ servers: DNSServer..., patience: Duration = .seconds(60), idleTime: Duration = .seconds(10)
  ) -> DNSResolver {
    var configuration = ResolverConfiguration(servers: servers)
    configuration.streams.idleTime = idleTime
    // Long, for the machine may be busy; what is to be waited for in vain says so.
    configuration.patience = patience
    configuration.deadline = max(patience, configuration.deadline)
    configuration.attempts = 1
    return DNSResolver(configuration: configuration, group: MultiThreadedEventLoopGroup.singleton)
  }

  private static func answer(_ query: [UInt8], _ last: UInt8 = 1) -> [UInt8] {
    var answer = AnswerBuilder(to: query)
    answer.answers = [AnswerBuilder.a("a.example", last)]
    return answer.packet
  }

  private func records(_ last: UInt8 = 1) -> DNSAnswer {
    .records([DNSRecord(name, ttl: 300, .address(.test(last)))], authenticated: false)
  }

  @Test func overUDP() async throws {
    let server = try await LoopbackServer { query, _ in [Self.answer(query)] }
    #expect(await resolver(server.address).lookup(name, .a) == records())
    try await server.close()
  }

  @Test func truncatedGoesOverTCP() async throws {
    let texts = (0..<200).map { index in
      AnswerBuilder.record([0xc0, 12], 16, [100] + Array(repeating: UInt8(index), count: 100))
    }
    let server = try await LoopbackServer { query, carrier in
      var answer = AnswerBuilder(to: query)
      if carrier == .datagram { answer.flags = 0x8380 } else { answer.answers = texts }
      return [answer.packet]
    }
    let answer = await resolver(server.address).lookup(name, .txt)
    guard case .records(let records, _) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(records.count == 200)
    #expect(records.last?.data == .text([Array(repeating: 199, count: 100)]))
    try await server.close()
  }

  /// Wrong id, wrong question, no DNS at all, each before the true answer, from the server's own port.
  @Test func strangePacketsAreIgnored() async throws {
    let server = try await LoopbackServer { query, _ in
      var wrongID = query
      wrongID[0] ^= 1
      var wrongName = query
      wrongName[13] = UInt8(ascii: "b")
      return [Self.answer(wrongID, 66), Self.answer(wrongName, 67), [], [1, 2, 3], query, Self.answer(query)]
    }
    #expect(await resolver(server.address).lookup(name, .a) == records())
    try await server.close()
  }

  /// A perfect answer from another port than was asked does not reach the socket.
  @Test func wrongSource() async throws {
    let forger: LoopbackServer.Answers = { query, _ in [Self.answer(query, 66)] }
    let server = try await LoopbackServer(bystander: forger) { query, _ in [Self.answer(query)] }
    #expect(await resolver(server.address).lookup(name, .a) == records())
    try await server.close()
  }

  @Test func aFloodOfGuessesLeadsToTCP() async throws {
    let server = try await LoopbackServer { query, carrier in
      if carrier == .stream { return [Self.answer(query)] }
      return (1...40 as ClosedRange<UInt8>).map { guess in
        var wrong = query
        wrong[1] ^= guess
        return Self.answer(wrong, 66)
      }
    }
    #expect(await resolver(server.address).lookup(name, .a) == records())
    try await server.close()
  }

  @Test func theNextServerIsAsked() async throws {
    // A port that was just closed: the kernel answers that nobody is there.
    let closed = try await LoopbackServer { _, _ in [] }
    try await closed.close()
    let failing = try await LoopbackServer { query, _ in
      var answer = AnswerBuilder(to: query)
      answer.flags = 0x8182
      return [answer.packet]
    }
    let good = try await LoopbackServer { query, _ in [Self.answer(query)] }
    #expect(await resolver(closed.address, failing.address, good.address).lookup(name, .a) == records())
    #expect(await resolver(closed.address).lookup(name, .a) == .failure(.unreachable))
    #expect(await resolver(failing.address).lookup(name, .a) == .failure(.serverFailure(code: 2)))
    try await failing.close()
    try await good.close()
  }

  @Test func silenceTimesOut() async throws {
    let server = try await LoopbackServer { query, carrier in
      var answer = AnswerBuilder(to: query)
      answer.flags = 0x8380
      return carrier == .datagram ? [answer.packet] : []
    }
    // UDP answers, TCP stays silent after it has taken the question.
    let resolver = resolver(server.address, patience: .milliseconds(300))
    #expect(await resolver.lookup(name, .a) == .failure(.timedOut))
    try await server.close()
  }

  @Test func everyQueryHasItsOwnPortAndID() async throws {
    let seen = NIOLockedValueBox<Set<[UInt8]>>([])
    let server = try await LoopbackServer { query, _ in
      _ = seen.withLockedValue { $0.insert(Array(query[0...1])) }
      var answer = AnswerBuilder(to: query)
      answer.flags = 0x8183
      return [answer.packet]
    }
    let resolver = resolver(server.address)
    for _ in 0..<30 { #expect(await resolver.lookup(name, .a) == .noSuchName) }
    #expect(seen.withLockedValue { $0.count } > 25)
    #expect(server.ports.withLockedValue { $0.count } > 25)
    try await server.close()
  }

  /// A cancelled look-up leaves no connection behind for longer than one is kept.
  @Test func socketsAreClosed() async throws {
    let reached = Gate()
    let server = try await LoopbackServer { query, carrier in
      if carrier == .stream { Task { await reached.wait() } }
      var answer = AnswerBuilder(to: query)
      answer.flags = 0x8380
      return carrier == .datagram ? [answer.packet] : []
    }
    let resolver = resolver(server.address, patience: .seconds(60), idleTime: .zero)
    let task = Task { await resolver.lookup(name, .a) }
    await reached.waiters(1)
    #expect(server.open.withLockedValue { $0 } == 1)
    task.cancel()
    #expect(await task.value == .failure(.timedOut))
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    reached.open()
    try await server.close()
  }
}
