public import MTACore
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix

/// A stub resolver: it asks recursive name servers, accepts only records that answer its question, and keeps them.
///
/// ```swift
/// let resolver = DNSResolver(configuration: .system(), group: group)
/// if case .exchangers(let exchangers) = await resolver.mailRoute(of: domain) { print(exchangers) }
/// ```
///
/// A look-up does not throw, and ends within `ResolverConfiguration.deadline`. Equal questions at the same time share one query. A
/// query has a random id, a random port, and letters in random case (RFC 5452). It goes by UDP, with EDNS and a size of 1232 octets,
/// and by TCP when the answer is truncated. Names are complete: there is no search list.
///
/// Servers may be asked over TLS instead (``DNSServer/Security``). Old answers may be kept for times without new ones
/// (``ResolverConfiguration/Cache/staleness``).
///
/// A task that is cancelled gets ``DNSFailure/timedOut``; the query goes on while other tasks wait for it. An idle resolver holds no
/// sockets except its last TCP connections, for ``ResolverConfiguration/Streams/idleTime``. ``shutdown()`` ends them and all queries.
///
/// These are calls of one line, beside ``lookup(_:_:)``:
///
/// ```swift
/// await resolver.addresses(of: host)               // .found([192.0.2.1, 2001:db8::1]), IPv4 first
/// await resolver.mailExchangers(of: domain)        // sorted by preference, each with its addresses
/// await resolver.text(of: name)                    // TXT records, their strings joined
/// await resolver.reverse(of: client)               // the names of an address that lead back to it
/// await resolver.isListed(client, in: list)        // codes and reason of a DNS block list
/// await resolver.dkimKey(selector: selector, domain: domain)
/// ```
public final class DNSResolver: DNSLookup {
  private typealias Waiter = CheckedContinuation<DNSAnswer, Never>

  /// A running query, and the tasks that wait for its answer.
  private struct Flight {
    /// The waiter with which it began. It distinguishes the query from a later one for the same question.
    var id: UInt64
    var task: Task<Void, Never>?
    var waiters: [UInt64: Waiter] = [:]
  }

  private struct State {
    var cache: ResolverCache
    var health: ServerHealth
    var flights: [DNSQuestion: Flight] = [:]
    var lastWaiter: UInt64 = 0
    var isShutDown = false
  }

  private enum Place {
    case answered(DNSAnswer)
    case waiting(isFirst: Bool)
  }

  private let configuration: ResolverConfiguration
  private let transport: any DNSTransport
  private let clock: any MonotonicClock
  private let state: NIOLockedValueBox<State>

  /// - Parameter group: runs the sockets; the caller shuts it down, after ``shutdown()``.
  public convenience init(configuration: ResolverConfiguration, group: any EventLoopGroup) {
    self.init(configuration: configuration, transport: SocketTransport(group: group, streams: configuration.streams))
  }

  /// The same, with sockets on the process's own event loops.
  ///
  /// - Parameter configuration: by default the servers of /etc/resolv.conf.
  public convenience init(configuration: ResolverConfiguration = .system()) {
    self.init(configuration: configuration, group: MultiThreadedEventLoopGroup.singleton)
  }

  /// With your own transport and clock, as tests have them.
  public init(
    configuration: ResolverConfiguration, transport: any DNSTransport,
    clock: any MonotonicClock = SystemMonotonicClock()
  ) {
    self.configuration = configuration
    self.transport = transport
    self.clock = clock
    state = NIOLockedValueBox(
      State(
        cache: ResolverCache(configuration.cache), health: ServerHealth(servers: configuration.servers.count)))
  }

  public func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    let question = DNSQuestion(name, type)
    let now = clock.now
    let (known, id) = state.withLockedValue { state -> (DNSAnswer?, UInt64) in
      state.lastWaiter += 1
      return (state.cache.answer(to: question, at: now), state.lastWaiter)
    }
    if let known { return known }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { wait(for: question, as: id, $0) }
    } onCancel: {
      leave(question, id)
    }
  }

  /// Ends every look-up under way, and every later one, with ``DNSFailure/unreachable``.
  public func shutdown() {
    let flights = state.withLockedValue { state in
      state.isShutDown = true
      defer { state.flights = [:] }
      return state.flights.values
    }
    for flight in flights {
      flight.task?.cancel()
      for waiter in flight.waiters.values { waiter.resume(returning: .failure(.unreachable)) }
    }
    transport.shutdown()
  }

  private func wait(for question: DNSQuestion, as id: UInt64, _ waiter: Waiter) {
    let now = clock.now
    let place = state.withLockedValue { state -> Place in
      if state.isShutDown { return .answered(.failure(.unreachable)) }
      if state.flights[question] != nil {
        state.flights[question]?.waiters[id] = waiter
        return .waiting(isFirst: false)
      }
      // It may have been answered since the first look.
      if let known = state.cache.answer(to: question, at: now) { return .answered(known) }
      guard state.flights.count < configuration.maximumConcurrentLookups else { return .answered(.failure(.timedOut)) }
      state.flights[question] = Flight(id: id, waiters: [id: waiter])
      return .waiting(isFirst: true)
    }
    switch place {
    case .answered(let answer): waiter.resume(returning: answer)
    case .waiting(let isFirst):
      if isFirst { takeOff(question, id) }
      // `onCancel` may have run before there was anybody to leave.
      if Task.isCancelled { leave(question, id) }
    }
  }

  private func takeOff(_ question: DNSQuestion, _ id: UInt64) {
    let task = Task { await self.fly(question, id) }
    let isWanted = state.withLockedValue { state in
      guard state.flights[question]?.id == id else { return false }
      state.flights[question]?.task = task
      return true
    }
    if !isWanted { task.cancel() }
  }

  private func leave(_ question: DNSQuestion, _ id: UInt64) {
    let (waiter, orphan) = state.withLockedValue { state -> (Waiter?, Task<Void, Never>?) in
      guard let waiter = state.flights[question]?.waiters.removeValue(forKey: id) else { return (nil, nil) }
      guard state.flights[question]?.waiters.isEmpty == true else { return (waiter, nil) }
      return (waiter, state.flights.removeValue(forKey: question)?.task)
    }
    orphan?.cancel()
    waiter?.resume(returning: .failure(.timedOut))
  }

  private func fly(_ question: DNSQuestion, _ id: UInt64) async {
    let (fresh, ttl) = await ask(question)
    let now = clock.now
    let (answer, waiters) = state.withLockedValue { state -> (DNSAnswer, [UInt64: Waiter]) in
      if let ttl { state.cache.store(fresh, to: question, ttl: ttl, at: now) }
      guard state.flights[question]?.id == id else { return (fresh, [:]) }
      let waiters = state.flights.removeValue(forKey: question)?.waiters ?? [:]
      guard case .failure = fresh else { return (fresh, waiters) }
      return (state.cache.revive(question, at: now) ?? fresh, waiters)
    }
    for waiter in waiters.values { waiter.resume(returning: answer) }
  }

  /// The loop of one look-up: the machine decides, this performs.
  private func ask(_ question: DNSQuestion) async -> (DNSAnswer, ttl: UInt32?) {
    let start = clock.now
    var machine = QueryMachine(
      question.name, question.type, servers: state.withLockedValue { $0.health.order(at: start) },
      patience: configuration.patience, rounds: max(configuration.attempts, 1),
      deadline: start + configuration.deadline,
      streams: Set(configuration.servers.indices.filter { configuration.servers[$0].security.isTLS }))
    var generator = SystemRandomNumberGenerator()
    var action = machine.start(at: start)
    while true {
      switch action {
      case .finish(let answer, let ttl): return (answer, ttl)
      case .ask(let ask):
        let query = DNSQuery.random(
          ask.name, ask.type, extensions: ask.extensions,
          asksAuthenticated: configuration.trustsAuthenticatedData,
          isPadded: configuration.servers[ask.server].security.isTLS, using: &generator)
        let event = await exchange(query, ask, aliases: machine.aliasesLeft)
        action = machine.receive(event, at: clock.now)
      }
    }
  }

  private func exchange(_ query: DNSQuery, _ ask: QueryMachine.Ask, aliases: Int) async -> QueryMachine.Event {
    do {
      let packet = try await transport.exchange(
        query.packet, with: configuration.servers[ask.server], over: ask.carrier, timeout: ask.timeout
      ) { query.match($0) != .stranger }
      state.withLockedValue { $0.health.answered(ask.server) }
      return .read(
        AnswerReader.read(
          packet, to: query, over: ask.carrier, aliases: aliases,
          trustsAuthenticated: configuration.trustsAuthenticatedData))
    } catch {
      let now = clock.now
      switch error {
      case .timedOut, .unreachable: state.withLockedValue { $0.health.failed(ask.server, at: now) }
      case .strangers, .cancelled: break
      }
      return .failed(error)
    }
  }
}
