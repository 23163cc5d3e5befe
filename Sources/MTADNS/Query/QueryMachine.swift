package import MTACore

/// One look-up from its question to its end, as a value without I/O. It decides which server is asked next, over which carrier, for how
/// long, and when to give up.
///
/// Servers are asked in order, round after round. Each round waits twice as long as the one before. A server that answered with an
/// error or with nonsense, or could not be reached, is not asked again in this look-up. A truncated answer, or one whose letters came
/// back in another case, is asked for again over TCP.
package struct QueryMachine: Sendable {
  package enum Event: Hashable, Sendable {
    case read(AnswerReader.Reading)
    case failed(DNSTransportFault)
  }

  package enum Action: Hashable, Sendable {
    case ask(Ask)
    /// - ttl: for how many seconds the answer may be kept; nil: not at all.
    case finish(DNSAnswer, ttl: UInt32?)
  }

  /// One packet to send.
  package struct Ask: Hashable, Sendable {
    package var server: Int
    package var carrier: DNSCarrier
    package var name: DNSName
    package var type: DNSRecordType
    package var extensions: Bool
    package var timeout: Duration

    package init(
      server: Int, carrier: DNSCarrier, name: DNSName, type: DNSRecordType, extensions: Bool, timeout: Duration
    ) {
      self.server = server
      self.carrier = carrier
      self.name = name
      self.type = type
      self.extensions = extensions
      self.timeout = timeout
    }
  }

  package static let maximumAliases = 16
  package static let maximumQueries = 40

  private var name: DNSName
  private let type: DNSRecordType
  private let servers: [Int]
  private let patience: Duration
  private let rounds: Int
  private let deadline: Duration
  private let streams: Set<Int>

  private var turn = 0
  private var round = 0
  private var dropped: Set<Int> = []
  private var carrier = DNSCarrier.datagram
  private var extensions = true
  private var queries = 0
  private var aliases = 0
  /// The least TTL of the aliases so far, and whether all of them were authenticated.
  private var ttl = UInt32.max
  private var authenticated = true
  private var failure: DNSFailure?

  /// - Parameters:
  ///   - servers: their indices, the best first.
  ///   - patience: how long the first round waits for one server.
  ///   - deadline: the instant at which the look-up ends in any case, on the clock of `start` and `receive`.
  ///   - streams: servers that are asked over streams only.
  package init(
    _ name: DNSName, _ type: DNSRecordType, servers: [Int], patience: Duration, rounds: Int, deadline: Duration,
    streams: Set<Int> = []
  ) {
    self.name = name
    self.type = type
    self.servers = servers
    self.patience = patience
    self.rounds = rounds
    self.deadline = deadline
    self.streams = streams
  }

  /// How many more aliases an answer may have.
  package var aliasesLeft: Int { Self.maximumAliases - aliases }

  package mutating func start(at now: Duration) -> Action { ask(at: now) }

  package mutating func receive(_ event: Event, at now: Duration) -> Action {
    switch event {
    case .read(.answer(let answer, let ttl)): return finish(answer, ttl)
    case .read(.alias(let target, let steps, let ttl, let authenticated)):
      aliases += steps
      guard aliases <= Self.maximumAliases else { return .finish(.failure(.tooManySteps), ttl: nil) }
      name = target
      self.ttl = min(self.ttl, ttl)
      self.authenticated = self.authenticated && authenticated
      round = 0
      carrier = .datagram
    case .read(.tooManyAliases): return .finish(.failure(.tooManySteps), ttl: nil)
    case .read(.truncated) where carrierNow == .datagram, .read(.caseDiffers), .failed(.strangers): carrier = .stream
    case .read(.withoutExtensions) where extensions: extensions = false
    case .read(.withoutExtensions): drop(.serverFailure(code: 1))
    case .read(.serverError(let code)): drop(.serverFailure(code: code))
    case .read(.malformed), .read(.truncated): drop(.malformed)
    case .failed(.unreachable): drop(.unreachable)
    case .failed(.timedOut):
      note(.timedOut)
      advance()
    case .failed(.cancelled): return .finish(.failure(.timedOut), ttl: nil)
    }
    return ask(at: now)
  }

  private mutating func ask(at now: Duration) -> Action {
    while round < rounds, dropped.count < servers.count {
      guard turn < servers.count else {
        turn = 0
        round += 1
        continue
      }
      guard !dropped.contains(servers[turn]) else {
        advance()
        continue
      }
      guard queries < Self.maximumQueries else { return .finish(.failure(.tooManySteps), ttl: nil) }
      guard now < deadline else {
        note(.timedOut)
        break
      }
      queries += 1
      let timeout = min(patience * (1 << min(round, 8)), deadline - now)
      return .ask(
        Ask(
          server: servers[turn], carrier: carrierNow, name: name, type: type, extensions: extensions, timeout: timeout))
    }
    return .finish(.failure(failure ?? .unreachable), ttl: nil)
  }

  /// The carrier for the server at turn.
  private var carrierNow: DNSCarrier { turn < servers.count && streams.contains(servers[turn]) ? .stream : carrier }

  private func finish(_ answer: DNSAnswer, _ ttl: UInt32?) -> Action {
    let least = ttl.map { min($0, self.ttl) }
    guard case .records(let records, let authenticated) = answer else { return .finish(answer, ttl: least) }
    let capped = records.map { DNSRecord($0.name, ttl: min($0.ttl, self.ttl), $0.data) }
    return .finish(.records(capped, authenticated: authenticated && self.authenticated), ttl: least)
  }

  /// Drops the server at turn from this look-up.
  private mutating func drop(_ reason: DNSFailure) {
    note(reason)
    dropped.insert(servers[turn])
    advance()
  }

  private mutating func advance() {
    turn += 1
    carrier = .datagram
    extensions = true
  }

  /// Keeps the most useful reason: a server's answer before silence.
  private mutating func note(_ reason: DNSFailure) {
    func weight(_ reason: DNSFailure?) -> Int {
      switch reason {
      case nil: 0
      case .unreachable: 1
      case .timedOut: 2
      case .malformed: 3
      case .serverFailure, .tooManySteps: 4
      }
    }
    if weight(reason) > weight(failure) { failure = reason }
  }
}
