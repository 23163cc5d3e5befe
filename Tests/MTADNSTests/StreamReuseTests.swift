import MTACore
import MTADNS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// TCP connections that are kept for the next question (RFC 7766).
@Suite(.takesTurns, .endsHangs)
struct StreamReuseTests {
  private let transport: SocketTransport
  private let names = (0..<40).map { DNSName(test: "n\($0).example") }

  init() { transport = Self.transport { _ in } }

  private static func transport(_ change: (inout ResolverConfiguration.Streams) -> Void) -> SocketTransport {
    var streams = ResolverConfiguration.Streams()
    change(&streams)
    return SocketTransport(group: MultiThreadedEventLoopGroup.singleton, streams: streams)
  }

  private static func answer(_ query: [UInt8]) -> [UInt8] { AnswerBuilder(to: query).packet }

  private func ask(
    _ name: DNSName, id: UInt16, _ server: LoopbackServer, by transport: SocketTransport? = nil,
    timeout: Duration = .seconds(20)
  ) async throws(DNSTransportFault) {
    let query = DNSQuery(name, .a, id: id)
    let answer = try await (transport ?? self.transport).exchange(
      query.packet, with: server.address, over: .stream, timeout: timeout
    ) { query.match($0) == .answer }
    #expect(Array(answer[0...1]) == Array(query.packet[0...1]))
  }

  @Test func oneConnectionServesQuestionsInTurn() async throws {
    let server = try await LoopbackServer { query, _ in [Self.answer(query)] }
    for (id, name) in names.enumerated() { try await ask(name, id: UInt16(id), server) }
    #expect(server.opened.withLockedValue { $0 } == 1)
    transport.shutdown()
    try await server.close()
  }

  /// All wait before the first is answered, and the last is answered first.
  @Test func questionsShareConnectionsWhateverTheOrder() async throws {
    let held = NIOLockedValueBox<[[UInt8]]>([])
    let count = names.count
    let server = try await LoopbackServer { query, _ in
      held.withLockedValue { held in
        held.append(query)
        return held.count == count ? held.reversed().map { Self.answer($0) } : []
      }
    }
    // One connection, so that all answers go where they belong.
    let transport = Self.transport { $0.connectionsPerServer = 1 }
    await withTaskGroup(of: Bool.self) { group in
      for (id, name) in names.enumerated() {
        group.addTask { (try? await self.ask(name, id: UInt16(id), server, by: transport)) != nil }
      }
      for await isAnswered in group { #expect(isAnswered) }
    }
    #expect(server.opened.withLockedValue { $0 } == 1)
    transport.shutdown()
    try await server.close()
  }

  @Test func aBusyServerGetsNoMoreConnectionsThanItMay() async throws {
    let reached = NIOLockedValueBox(0)
    let server = try await LoopbackServer { _, _ in
      reached.withLockedValue { $0 += 1 }
      return []
    }
    let names = (0..<60).map { DNSName(test: "m\($0).example") }
    let tasks = names.enumerated().map { id, name in
      Task { try? await self.ask(name, id: UInt16(id), server) }
    }
    try await eventually("the server has every question") { reached.withLockedValue { $0 } >= names.count }
    #expect(server.opened.withLockedValue { $0 } == 2)
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    transport.shutdown()
    try await server.close()
  }

  /// Two queries with one id are never under way on one connection (RFC 7766 §6.2.1).
  @Test func equalIDsGoApart() async throws {
    let held = NIOLockedValueBox<[[UInt8]]>([])
    let server = try await LoopbackServer { query, _ in
      held.withLockedValue { $0.append(query) }
      return []
    }
    let tasks = (0..<2).map { index in Task { try? await ask(names[index], id: 7, server) } }
    try await eventually("the server holds both questions") { held.withLockedValue { $0.count } >= 2 }
    #expect(server.opened.withLockedValue { $0 } == 2)
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    transport.shutdown()
    try await server.close()
  }

  /// A server may end a connection that we would have kept; the question is asked on another (RFC 7766 §6.2.4).
  @Test func aConnectionThatEndedIsReplaced() async throws {
    let server = try await LoopbackServer(patience: 1) { query, _ in [Self.answer(query)] }
    for id in 0..<4 { try await ask(names[id], id: UInt16(id), server) }
    #expect(server.opened.withLockedValue { $0 } == 4)
    transport.shutdown()
    try await server.close()
  }

  @Test func anIdleConnectionEnds() async throws {
    let server = try await LoopbackServer { query, _ in [Self.answer(query)] }
    let transport = Self.transport { $0.idleTime = .milliseconds(20) }
    try await ask(names[0], id: 0, server, by: transport)
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    try await ask(names[1], id: 1, server, by: transport)
    #expect(server.opened.withLockedValue { $0 } == 2)
    transport.shutdown()
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    await #expect(throws: DNSTransportFault.unreachable) { try await self.ask(names[2], id: 2, server, by: transport) }
    try await server.close()
  }

  /// After a silence the connection takes no more questions.
  @Test func aSilentConnectionIsLeft() async throws {
    let server = try await LoopbackServer { query, _ in query[1] == 0 ? [] : [Self.answer(query)] }
    await #expect(throws: DNSTransportFault.timedOut) {
      try await self.ask(names[0], id: 0, server, timeout: .milliseconds(1500))
    }
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    try await ask(names[1], id: 1, server)
    #expect(server.opened.withLockedValue { $0 } == 2)
    transport.shutdown()
    try await server.close()
  }

  /// Late answers are passed over; a stream of what nobody asked for is not.
  @Test func answersThatNobodyAskedFor() async throws {
    let server = try await LoopbackServer { query, _ in
      var late = query
      late[0] = 0xff
      return Array(repeating: Self.answer(late), count: query[1] == 0 ? 16 : 17) + [Self.answer(query)]
    }
    try await ask(names[0], id: 0, server)
    await #expect(throws: DNSTransportFault.unreachable) { try await self.ask(names[1], id: 1, server) }
    // The right id with the wrong question ends it, too.
    let liar = try await LoopbackServer { query, _ in
      var other = query
      other[13] ^= 1
      return [Self.answer(other)]
    }
    await #expect(throws: DNSTransportFault.unreachable) { try await self.ask(names[1], id: 1, liar) }
    transport.shutdown()
    try await server.close()
    try await liar.close()
  }
}
