import Logging
import MTACore
import MTATLS
import NIOCore

/// Gives mails to the servers of one destination by SMTP or LMTP, over one connection as long as that holds.
struct ServerCourier: Courier {
  /// How to find the servers.
  enum Way {
    /// Those of a domain; from one mail to the next it may change.
    case domain(Domain)
    case route(Router.Route)
  }

  /// Addresses tried for one mail, however many the DNS knows.
  static let maximumAddresses = 10
  /// Mails over one connection; some servers count.
  private static let mailsPerConnection = 100

  private(set) var way: Way
  /// Our own name, as the server is told it.
  let serverName: String
  let router: Router
  let policies: TLSPolicyFinder
  /// The addresses to connect from, unless the route has its own.
  let sources: SourceAddresses
  let environment: LinkEnvironment
  private var line: Line?
  private var served = 0
  /// Whether a server was ready for the mail under way: what failed then may be the mail's fault, and says nothing about
  /// others.
  private var wasReady = false

  /// The connection that is open, and for whom it was opened.
  private struct Line {
    let link: ServerLink
    let domain: Domain?
    let route: Router.Route
    let hop: Router.NextHop
    let policy: TLSPolicy
    let dane: DANEReference?
    let manner: Manner
  }

  init(
    _ way: Way, serverName: String, router: Router, policies: TLSPolicyFinder, sources: SourceAddresses,
    environment: LinkEnvironment
  ) {
    self.way = way
    self.serverName = serverName
    self.router = router
    self.policies = policies
    self.sources = sources
    self.environment = environment
  }

  /// The connection is kept, if what it established is enough for the other domain.
  mutating func turn(to domain: Domain) {
    if case .domain = way { way = .domain(domain) }
  }

  var isConnected: Bool { line != nil }

  mutating func end() {
    line?.link.quit()
    line = nil
    served = 0
  }

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    if served >= Self.mailsPerConnection { end() }
    let domain: Domain?
    let route: Router.Route
    switch way {
    case .route(let given): (domain, route) = (nil, given)
    case .domain(let own):
      domain = own
      // What the connection was opened for is not looked up again.
      if let line, line.domain == own {
        route = line.route
      } else {
        do throws(DeliveryTrouble) { route = try await router.route(to: own) } catch {
          return Attempt(error, for: recipients.count)
        }
      }
    }
    let copy: OutgoingMail
    do { copy = route.dialect == .lmtp ? try await mail.forFinalDelivery() : mail } catch {
      return Attempt(.contentUnavailable("\(error)"), for: recipients.count)
    }
    let parcel = Consignment(mail: copy, recipients: recipients, domain: domain, route: route)
    if let policy = await policyForOpenLine(parcel), let line {
      switch await run(parcel, over: line, policy) {
      case .done(let attempt):
        guard attempt.isPutOff, route.hops.count > 1 else { return attempt }
        return await deliverAfresh(parcel, HostTrial(after: attempt, at: line.link.endpoint))
      // The server was tired of waiting: a fresh connection will do.
      case .refused: break
      }
    }
    return await deliverAfresh(parcel, HostTrial())
  }

  /// One mail on its way.
  private struct Consignment {
    let mail: OutgoingMail
    let recipients: [Mailbox]
    let domain: Domain?
    let route: Router.Route

    /// Where a receiver would look for what is known of the server.
    var place: NextHopMemory.Place? {
      if route.namesServer { return route.setting.map { .server($0.target) } }
      return domain.map { .exchangers(of: $0) }
    }

    /// REQUIRETLS is a word between relays: LMTP is the end of the way. RFC 8689 §5: for mail from nobody it is a wish, or reports
    /// would be lost.
    var requiresTLS: Bool {
      mail.envelope.requests.requireTLS && mail.envelope.reversePath != .null && route.dialect == .smtp
    }
  }

  /// The policy under which the connection that is open may carry the mail; nil when it may not.
  private func policyForOpenLine(_ parcel: Consignment) async -> TLSPolicy? {
    guard let line, line.route.setting == parcel.route.setting, line.route.dialect == parcel.route.dialect,
      parcel.route.hops.contains(where: { $0.place == line.hop.place })
    else { return nil }
    if line.domain == parcel.domain, !parcel.requiresTLS, !line.policy.isRequiredBySender { return line.policy }
    let finding = await policy(for: parcel, at: line.hop)
    guard case .use(let policy) = finding, policy.isSatisfied(by: line.link.facts, dane: line.dane) else { return nil }
    if parcel.requiresTLS, !line.link.capabilities.requireTLS { return nil }
    return policy
  }

  private func policy(for parcel: Consignment, at hop: Router.NextHop) async -> TLSPolicyFinder.Finding {
    var location: HostLocation?
    if case .server(let server) = hop.place, case .found(let found) = await self.location(of: server, for: parcel) {
      location = found
    }
    return await policies.policy(
      for: parcel.domain, on: parcel.route, at: hop, location, requiresTLS: parcel.requiresTLS)
  }

  private func location(of server: HostAndPort, for parcel: Consignment) async -> DNSResult<HostLocation> {
    let isNamedBySettings = policies.findsHosts(for: parcel.domain, on: parcel.route)
    return await router.location(of: server, isNamedBySettings: isNamedBySettings)
  }

  // MARK: a fresh connection

  private mutating func deliverAfresh(_ parcel: Consignment, _ first: HostTrial) async -> Attempt {
    end()
    wasReady = false
    var left = Self.maximumAddresses
    var trial = first
    // The next mail begins with the best host again.
    defer { if trial.hasSecondAnswer { end() } }
    var group: UInt16?
    for hop in parcel.route.hops {
      if hop.preference != nil, hop.preference != group, await router.isAmongEquals(hop, on: parcel.route) {
        noteOurselves(&trial, hop, parcel)
        break
      }
      group = hop.preference
      if let attempt = await attempt(parcel, at: hop, &left, &trial) { return attempt }
      if left <= 0 || trial.isAtOurselves || Task.isCancelled { break }
    }
    if let deferral = trial.deferral { return deferral }
    let count = parcel.recipients.count
    var attempt = Attempt(
      trial.trouble ?? .connect("no address"), for: count, host: trial.host,
      isUnreachable: !wasReady && !trial.isAboutPolicy && !trial.isAtOurselves)
    attempt.tlsPolicy = trial.policy?.description
    return attempt
  }

  /// One host, at all its addresses; nil when none took the mail.
  private mutating func attempt(
    _ parcel: Consignment, at hop: Router.NextHop, _ left: inout Int, _ trial: inout HostTrial
  ) async -> Attempt? {
    var location: HostLocation?
    if case .server(let server) = hop.place {
      switch await self.location(of: server, for: parcel) {
      case .found(var found):
        switch router.standing(of: found.addresses, port: server.port, on: parcel.route) {
        case .targets(let targets): found.addresses = targets
        case .ourselves:
          noteOurselves(&trial, hop, parcel)
          return nil
        case .ignored:
          trial.note(.noTarget(parcel.domain?.description ?? "\(server.host)"))
          return nil
        }
        location = found
      case .none:
        if trial.trouble == nil { trial.note(.connect("\(server.host) has no address")) }
        return nil
      case .failure(let failure):
        trial.note(.dns(failure, "\(server.host)"))
        return nil
      }
    }
    let finding = await policies.policy(
      for: parcel.domain, on: parcel.route, at: hop, location, requiresTLS: parcel.requiresTLS)
    switch finding {
    case .skip(let trouble, let policy):
      // Also where TLSA records could not be looked up: of another domain's mail they may not even be asked for.
      trial.isAboutPolicy = true
      trial.note(trouble, host: hop.description, under: policy)
      return nil
    case .use(let policy):
      for endpoint in endpoints(of: hop, location, on: parcel.route).prefix(left) where !Task.isCancelled {
        if endpoint == trial.asked { continue }
        left -= 1
        switch await attempt(parcel, at: endpoint, of: hop, under: policy) {
        case .done(let attempt): if let answer = trial.hear(attempt) { return answer }
        case .refused(let trouble): trial.note(trouble, host: endpoint.description, under: policy)
        }
      }
      return nil
    }
  }

  /// RFC 5321 §5.1: the exchangers behind us would only give the mail back.
  private func noteOurselves(_ trial: inout HostTrial, _ hop: Router.NextHop, _ parcel: Consignment) {
    trial.isAtOurselves = true
    if trial.trouble == nil { trial.note(.loopsToSelf("\(parcel.domain?.description ?? hop.description)")) }
  }

  private func endpoints(
    of hop: Router.NextHop, _ location: HostLocation?, on route: Router.Route
  ) -> [ServerEndpoint] {
    switch hop.place {
    case .unixSocket(let path): return [ServerEndpoint(name: "localhost", place: .unixSocket(path))]
    case .server(let server):
      let sources = route.setting?.sources ?? sources
      return (location?.addresses ?? []).map { address in
        ServerEndpoint(
          name: "\(server.host)", place: .address(address, port: server.port), source: sources.source(for: address))
      }
    }
  }

  private enum Turn {
    case done(Attempt)
    case refused(DeliveryTrouble)
  }

  /// How a connection is opened.
  private enum Manner { case byPolicy, inClear, withHELO }

  /// One address: with TLS by the policy, and once more in a simpler manner where that may be.
  private mutating func attempt(
    _ parcel: Consignment, at endpoint: ServerEndpoint, of hop: Router.NextHop, under policy: TLSPolicy
  ) async -> Turn {
    do throws(DeliveryTrouble) {
      return await run(parcel, over: try await open(endpoint, hop, parcel, policy, .byPolicy), policy)
    } catch {
      noteTest(policy, parcel, endpoint, trouble: error)
      if parcel.requiresTLS {
        // RFC 8689 §4.2.1
        switch error {
        case .tlsNotOffered: return .refused(.requireTLSUnmet("\(endpoint) does not offer it"))
        case .untrustedCertificate(let reason): return .refused(.requireTLSUnmet(reason))
        default: break
        }
      }
      guard let manner = Self.simpler(than: error, parcel, policy), !Task.isCancelled else { return .refused(error) }
      do throws(DeliveryTrouble) {
        return await run(parcel, over: try await open(endpoint, hop, parcel, policy, manner), policy)
      } catch { return .refused(error) }
    }
  }

  /// In which manner a server may have the mail that failed by its policy's; nil: in none. Each is a way on of its own: HELO never comes
  /// behind TLS that failed.
  private static func simpler(
    than trouble: DeliveryTrouble, _ parcel: Consignment, _ policy: TLSPolicy
  ) -> Manner? {
    guard policy.allowsClear, !parcel.route.isImplicitTLS else { return nil }
    return switch trouble {
    // RFC 7435 §3: encryption that cannot be had is no reason not to communicate; what fails here would have gone in clear if the server
    // had not offered TLS at all.
    case .tls: .inClear
    // RFC 5321 §3.2: a server that breaks off at EHLO may know HELO alone. There is no AUTH then.
    case .ehloUnanswered where parcel.route.setting?.credentials == nil: .withHELO
    default: nil
    }
  }

  private mutating func open(
    _ endpoint: ServerEndpoint, _ hop: Router.NextHop, _ parcel: Consignment, _ policy: TLSPolicy,
    _ manner: Manner
  ) async throws(DeliveryTrouble) -> Line {
    end()
    let tls = manner != .byPolicy ? nil : LinkTLS(policy, peerName: endpoint.name, environment.tls)
    let route = parcel.route
    var session = ClientSession.Configuration(
      route.dialect, serverName: serverName,
      tls: tls == nil ? .never : route.isImplicitTLS ? .established : policy.allowsClear ? .opportunistic : .required,
      credentials: route.setting?.credentials,
      // Whoever sets `none` for a server with credentials means it.
      allowsAuthInClear: route.setting?.tls == TLSDemand.none)
    session.greetsWithHELO = manner == .withHELO
    let link = try await ServerLink.open(endpoint, session, tls: tls, environment)
    if manner == .byPolicy { noteTest(policy, parcel, endpoint, facts: link.facts) }
    if let place = parcel.place {
      environment.nextHops?.note(link.capabilities, isSecured: link.facts != nil, at: place)
    }
    let line = Line(
      link: link, domain: parcel.domain, route: route, hop: hop, policy: policy, dane: tls?.dane, manner: manner)
    self.line = line
    served = 0
    if parcel.requiresTLS, !link.capabilities.requireTLS {
      // RFC 8689 §4.2.1: the next host may; this one is left.
      end()
      throw .requireTLSNotOffered
    }
    wasReady = true
    return line
  }

  /// RFC 8461 §5: under a policy in testing, what an enforced one would have kept from going is told.
  private func noteTest(
    _ policy: TLSPolicy, _ parcel: Consignment, _ endpoint: ServerEndpoint, facts: TLSFacts? = nil,
    trouble: DeliveryTrouble? = nil
  ) {
    guard let problem = policy.problemUnderTest(facts, trouble) else { return }
    environment.logger.warning(
      "an MTA-STS policy in testing would have kept a mail from going",
      metadata: [
        "domain": "\(parcel.domain?.description ?? "none")", "host": "\(endpoint)", "policy": "\(policy.reason)",
        "reason": "\(problem)",
      ])
  }

  /// One mail to one server, in as many transactions as the server's limit of recipients makes of it.
  private mutating func run(_ parcel: Consignment, over line: Line, _ policy: TLSPolicy) async -> Turn {
    let (mail, recipients) = (parcel.mail, parcel.recipients)
    var line = line
    let limits = [
      line.link.capabilities.recipientLimit, environment.recipientLimits.limit(at: line.link.endpoint.place),
    ]
    var parts = RecipientParts(count: recipients.count, limit: limits.compactMap { $0 }.min())
    while !parts.next.isEmpty {
      // A surplus transaction with one recipient is still a copy of a mail that had more: the text is the same for all.
      let offer: MailOffer
      do {
        offer = try await MailOffer(
          of: mail, to: parts.next.map { recipients[$0] }, among: recipients, isFinal: parcel.route.dialect == .lmtp,
          over: line.link.capabilities, environment)
      } catch {
        if !parts.hasAnswers { return .done(Attempt(.contentUnavailable("\(error)"), for: recipients.count)) }
        break
      }
      served += 1
      switch await line.link.deliver(offer.transaction, offer.text) {
      case .settled(let answers): parts.take(answers)
      case .refused(let trouble):
        self.line = nil
        if !parts.hasAnswers { return .refused(trouble) }
        // The server was tired of this connection: the rest has another one, as long as each gets something done.
        guard parts.hasDelivered, let next = await reopen(line, parcel, policy) else {
          return .done(attempt(parts, line, policy))
        }
        line = next
        parts.beginAnew()
      }
    }
    if let limit = parts.provenLimit { environment.recipientLimits.learn(limit, at: line.link.endpoint.place) }
    return .done(attempt(parts, line, policy))
  }

  private mutating func reopen(_ line: Line, _ parcel: Consignment, _ policy: TLSPolicy) async -> Line? {
    do throws(DeliveryTrouble) {
      return try await open(line.link.endpoint, line.hop, parcel, policy, line.manner)
    } catch { return nil }
  }

  /// Whoever no transaction was for keeps waiting.
  private func attempt(_ parts: RecipientParts, _ line: Line, _ policy: TLSPolicy) -> Attempt {
    let missing = OutcomeClassifier.judge(.connectionLost(.mail))
    var attempt = Attempt(
      parts.results.map { $0 ?? missing }, host: line.link.endpoint.description, encryption: line.link.encryption)
    attempt.tlsPolicy = policy.description
    return attempt
  }
}
