import MTACore
import MTADNS
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct DNSResolverTests {
  private static let servers = [DNSServer(.test(53)), DNSServer(.test(54))]
  private let name = DNSName(test: "a.example")
  private let clock = ManualClock()

  private func resolver(
    _ transport: ScriptedTransport, _ change: (inout ResolverConfiguration) -> Void = { _ in }
  ) -> DNSResolver {
    var configuration = ResolverConfiguration(servers: Self.servers)
    change(&configuration)
    return DNSResolver(configuration: configuration, transport: transport, clock: clock)
  }

  private static func answer(_ ask: ScriptedTransport.Ask, ttl: UInt32 = 300) -> [UInt8] {
    var answer = AnswerBuilder(to: ask.packet)
    answer.answers = [AnswerBuilder.a("a.example", ttl: ttl)]
    return answer.packet
  }

  private func records(ttl: UInt32 = 300, authenticated: Bool = false) -> DNSAnswer {
    .records([DNSRecord(name, ttl: ttl, .address(.test()))], authenticated: authenticated)
  }

  @Test func answersAreKeptForTheirTTL() async {
    let transport = ScriptedTransport { ask in Self.answer(ask) }
    let resolver = resolver(transport)
    #expect(await resolver.lookup(name, .a) == records())
    clock.advance(.seconds(100))
    #expect(await resolver.lookup(name, .a) == records(ttl: 200))
    #expect(transport.asks.count == 1)
    clock.advance(.seconds(200))
    #expect(await resolver.lookup(name, .a) == records())
    #expect(transport.asks.count == 2)
  }

  @Test func aSilentServerIsAskedLastForAWhile() async {
    let clock = clock
    let transport = ScriptedTransport { (ask) throws(DNSTransportFault) in
      guard ask.server == Self.servers[1] else {
        clock.advance(ask.timeout)
        throw .timedOut
      }
      return Self.answer(ask, ttl: 0)
    }
    let resolver = resolver(transport)
    #expect(await resolver.lookup(name, .a) == records(ttl: 0))
    #expect(await resolver.lookup(name, .a) == records(ttl: 0))
    #expect(transport.asks.map(\.server) == [Self.servers[0], Self.servers[1], Self.servers[1]])
    clock.advance(.seconds(5))
    _ = await resolver.lookup(name, .a)
    #expect(transport.asks.suffix(2).map(\.server) == Self.servers)
  }

  @Test func silenceEndsAtTheDeadline() async {
    let clock = clock
    let start = clock.now
    let transport = ScriptedTransport { (ask) throws(DNSTransportFault) in
      clock.advance(ask.timeout)
      throw .timedOut
    }
    #expect(await resolver(transport).lookup(name, .a) == .failure(.timedOut))
    #expect(clock.now - start == .seconds(10))
    #expect(transport.asks.map(\.timeout) == [.seconds(2), .seconds(2), .seconds(4), .seconds(2)])
  }

  @Test func noServerNoAnswer() async {
    let transport = ScriptedTransport { ask in Self.answer(ask) }
    #expect(await resolver(transport) { $0.servers = [] }.lookup(name, .a) == .failure(.unreachable))
  }

  @Test func forgersAreNotBelieved() async {
    let transport = ScriptedTransport { ask in
      var answer = AnswerBuilder(to: ask.packet)
      if ask.carrier == .datagram {
        // All in lower case: the forger did not see the question.
        answer.question = AnswerBuilder.name("a.a-long-name-with-many-letters.example") + [0, 1, 0, 1]
        answer.answers = [AnswerBuilder.a("a.a-long-name-with-many-letters.example", 66)]
      } else {
        answer.answers = [AnswerBuilder.a("a.a-long-name-with-many-letters.example", 1)]
      }
      return answer.packet
    }
    let long = DNSName(test: "a.a-long-name-with-many-letters.example")
    let expected = DNSAnswer.records([DNSRecord(long, ttl: 300, .address(.test()))], authenticated: false)
    #expect(await resolver(transport).lookup(long, .a) == expected)
    #expect(transport.asks.map(\.carrier) == [.datagram, .stream])
    #expect(Set(transport.asks.map(\.packet)).count == 2)
  }

  @Test func aliasesAcrossAnswers() async {
    let transport = ScriptedTransport { ask in
      var answer = AnswerBuilder(to: ask.packet)
      answer.flags = 0x81a0
      answer.answers =
        ask.packet[13] | 0x20 == UInt8(ascii: "w")
        ? [AnswerBuilder.alias("w.example", "a.example", ttl: 7)] : [AnswerBuilder.a("a.example")]
      return answer.packet
    }
    let resolver = resolver(transport) { $0.trustsAuthenticatedData = true }
    #expect(await resolver.lookup(DNSName(test: "w.example"), .a) == records(ttl: 7, authenticated: true))
    // AD asked for.
    #expect(transport.asks.allSatisfy { $0.packet[3] == 0x20 })
    // What the chain passed through was not asked for, and is not kept.
    _ = await resolver.lookup(name, .a)
    #expect(transport.asks.count == 3)
  }

  @Test func questionsInFlightAreShared() async {
    let gate = Gate()
    let transport = ScriptedTransport { ask in
      await gate.wait()
      return Self.answer(ask)
    }
    let resolver = resolver(transport)
    await withTaskGroup(of: DNSAnswer.self) { group in
      for _ in 0..<50 { group.addTask { await resolver.lookup(name, .a) } }
      await gate.waiters(1)
      gate.open()
      for await answer in group { #expect(answer == records()) }
    }
    #expect(transport.asks.count == 1)
  }

  @Test func cancellationFreesTheWaiterAlone() async {
    let gate = Gate()
    let transport = ScriptedTransport { ask in
      await gate.wait()
      return Self.answer(ask)
    }
    let resolver = resolver(transport)
    let patient = Task { await resolver.lookup(name, .a) }
    await gate.waiters(1)
    let hasty = Task { await resolver.lookup(name, .a) }
    hasty.cancel()
    #expect(await hasty.value == .failure(.timedOut))
    gate.open()
    #expect(await patient.value == records())
  }

  /// A query that nobody waits for is given up; who asks afterwards starts anew and is not disturbed by its end.
  @Test func theLastToLeaveEndsTheQuery() async {
    let (abandoned, renewed) = (Gate(), Gate())
    let asked = NIOLockedValueBox(0)
    let transport = ScriptedTransport { (ask) throws(DNSTransportFault) in
      // Any other name is answered at once.
      guard ask.packet[13] | 0x20 == UInt8(ascii: "a") else { throw .unreachable }
      let isFirst = asked.withLockedValue { count in
        count += 1
        return count == 1
      }
      await (isFirst ? abandoned : renewed).wait()
      if Task.isCancelled { throw .cancelled }
      return Self.answer(ask)
    }
    let resolver = resolver(transport)
    let only = Task { await resolver.lookup(name, .a) }
    await abandoned.waiters(1)
    only.cancel()
    #expect(await only.value == .failure(.timedOut))
    let next = Task { await resolver.lookup(name, .a) }
    await renewed.waiters(1)
    abandoned.open()
    // Time for the abandoned query to end.
    for index in 0..<20 { _ = await resolver.lookup(DNSName(test: "z\(index).example"), .a) }
    renewed.open()
    #expect(await next.value == records())
    #expect(asked.withLockedValue { $0 } == 2)
  }

  @Test func tooManyAtOnceFail() async {
    let gate = Gate()
    let transport = ScriptedTransport { ask in
      await gate.wait()
      return Self.answer(ask)
    }
    let resolver = resolver(transport) { $0.maximumConcurrentLookups = 1 }
    let first = Task { await resolver.lookup(name, .a) }
    await gate.waiters(1)
    #expect(await resolver.lookup(name, .aaaa) == .failure(.timedOut))
    gate.open()
    #expect(await first.value == records())
  }

  @Test func shutdownAnswersEverybody() async {
    let gate = Gate()
    let transport = ScriptedTransport { ask in
      await gate.wait()
      return Self.answer(ask)
    }
    let resolver = resolver(transport)
    let waiting = Task { await resolver.lookup(name, .a) }
    await gate.waiters(1)
    resolver.shutdown()
    #expect(await waiting.value == .failure(.unreachable))
    #expect(await resolver.lookup(name, .a) == .failure(.unreachable))
    gate.open()
  }

  /// RFC 8767: better an old answer than none, and no storm on servers that are down.
  @Test func aStaleAnswerServesWhenTheServersAreDown() async {
    let isDown = NIOLockedValueBox(false)
    let transport = ScriptedTransport { (ask) throws(DNSTransportFault) in
      if isDown.withLockedValue({ $0 }) { throw .unreachable }
      return Self.answer(ask)
    }
    let resolver = resolver(transport) { $0.cache.staleness = .seconds(86_400) }
    #expect(await resolver.lookup(name, .a) == records())
    clock.advance(.seconds(3600))
    isDown.withLockedValue { $0 = true }
    #expect(await resolver.lookup(name, .a) == records(ttl: 30))
    #expect(await resolver.lookup(DNSName(test: "b.example"), .a) == .failure(.unreachable))
    let asked = transport.asks.count
    clock.advance(.seconds(29))
    #expect(await resolver.lookup(name, .a) == records(ttl: 30))
    #expect(transport.asks.count == asked)
    isDown.withLockedValue { $0 = false }
    clock.advance(.seconds(1))
    #expect(await resolver.lookup(name, .a) == records())
  }

  @Test func serversOverTLSAreAskedOverStreamsAlone() async {
    let transport = ScriptedTransport { ask in
      var answer = AnswerBuilder(to: ask.packet)
      answer.flags = 0x8382
      return answer.packet
    }
    let resolver = resolver(transport) {
      $0.servers = [DNSServer(.test(53), security: .tls(name: nil)), DNSServer(.test(54))]
    }
    #expect(await resolver.lookup(name, .a) == .failure(.malformed))
    #expect(transport.asks.map(\.carrier) == [.stream, .datagram, .stream])
    #expect(transport.asks.map(\.packet.count) == [128, 38, 38])
  }
}
