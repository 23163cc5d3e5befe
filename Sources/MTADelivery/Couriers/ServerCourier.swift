import Logging
import MTACore
import MTASystem
import MTATLS
import NIOCore

/// Gives mails to the servers of one destination by SMTP or LMTP, over one connection as long as that holds. Which server comes when,
/// and in which manner, a ``HostTrial`` says.
struct ServerCourier: Courier {
  /// How to find the servers.
  enum Way {
    /// Those of a domain; from one mail to the next it may change.
    case domain(Domain)
    case route(Router.Route)
  }

  /// Mails over one connection; some servers count.
  private static let mailsPerConnection = 100

  private var way: Way
  /// Our own name, as the server is told it.
  private let serverName: String
  private let finder: HostFinder
  let environment: LinkEnvironment
  var line: Line?
  /// Transactions over it.
  var served = 0
  /// The time that this mail's connections took so far, with what was looked up for them.
  private var connecting = Duration.zero

  /// The connection that is open, and for whom it was opened.
  struct Line {
    let link: ServerLink
    let domain: Domain?
    let route: Router.Route
    let opening: HostTrial.Opening
    let dane: DANEReference?
  }

  init(
    _ way: Way, serverName: String, router: Router, policies: TLSPolicyFinder, sources: SourceAddresses,
    environment: LinkEnvironment
  ) {
    self.way = way
    self.serverName = serverName
    finder = HostFinder(router: router, policies: policies, sources: sources)
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
    connecting = .zero
    // What was said between two mails is no mail's.
    _ = environment.kept?.take()
    let consignment: Consignment
    do throws(DeliveryTrouble) { consignment = try await consign(mail, to: recipients) } catch {
      return Attempt(error, for: recipients.count)
    }
    var trial: HostTrial
    var step: HostTrial.Step
    if let policy = await policyForOpenLine(consignment), let line {
      trial = Self.trial(of: consignment, over: line.opening.endpoint)
      step = trial.receive(await carry(consignment, over: line, policy), isCancelled: Task.isCancelled)
    } else {
      trial = Self.trial(of: consignment)
      step = trial.begin()
    }
    while true {
      switch step {
      case .find(let hop, let opensGroup):
        end()
        let begin = MonotonicInstant.now
        let finding = await finder.find(hop, opensGroup: opensGroup, for: consignment)
        connecting += begin.elapsed
        step = trial.receive(.found(finding), isCancelled: Task.isCancelled)
      case .open(let opening):
        step = trial.receive(await carry(consignment, by: opening), isCancelled: Task.isCancelled)
      case .done(var attempt):
        if trial.hasSecondAnswer { end() }
        attempt.connecting = connecting
        if let kept = environment.kept { attempt.dialogue = kept.take() }
        return attempt
      }
    }
  }

  private static func trial(of consignment: Consignment, over open: ServerEndpoint? = nil) -> HostTrial {
    HostTrial(
      on: consignment.route, of: consignment.domain, recipients: consignment.recipients.count,
      requiresTLS: consignment.requiresTLS, over: open)
  }

  private func consign(_ mail: OutgoingMail, to recipients: [Mailbox]) async throws(DeliveryTrouble) -> Consignment {
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
        route = try await finder.router.route(to: own)
      }
    }
    do {
      return Consignment(
        mail: route.dialect == .lmtp ? try await mail.forFinalDelivery() : mail, recipients: recipients, domain: domain,
        route: route)
    } catch {
      throw .contentUnavailable("\(error)")
    }
  }

  /// The policy under which the connection that is open may carry the mail; nil when it may not.
  private func policyForOpenLine(_ consignment: Consignment) async -> TLSPolicy? {
    let route = consignment.route
    guard let line, line.route.setting == route.setting, line.route.dialect == route.dialect,
      route.hops.contains(where: { $0.place == line.opening.hop.place })
    else { return nil }
    let policy = line.opening.policy
    if line.domain == consignment.domain, !consignment.requiresTLS, !policy.isRequiredBySender { return policy }
    guard case .use(let policy) = await finder.policy(for: consignment, at: line.opening.hop),
      policy.isSatisfied(by: line.link.facts, dane: line.dane)
    else { return nil }
    if consignment.requiresTLS, !line.link.capabilities.requireTLS { return nil }
    return policy
  }

  // MARK: connections

  private mutating func carry(_ consignment: Consignment, by opening: HostTrial.Opening) async -> HostTrial.Event {
    let line: Line
    do throws(DeliveryTrouble) { line = try await open(opening, for: consignment) } catch {
      return .refused(error, wasReady: false)
    }
    return await carry(consignment, over: line, opening.policy)
  }

  private mutating func carry(
    _ consignment: Consignment, over line: Line, _ policy: TLSPolicy
  ) async -> HostTrial.Event {
    do throws(DeliveryTrouble) { return .answered(try await run(consignment, over: line, policy)) } catch {
      return .refused(error, wasReady: true)
    }
  }

  mutating func open(
    _ opening: HostTrial.Opening, for consignment: Consignment
  ) async throws(DeliveryTrouble) -> Line {
    end()
    let begin = MonotonicInstant.now
    defer { connecting += begin.elapsed }
    let byPolicy = opening.manner == .byPolicy
    let tls = byPolicy ? LinkTLS(opening.policy, peerName: opening.endpoint.name, environment.tls) : nil
    let link: ServerLink
    do throws(DeliveryTrouble) {
      link = try await ServerLink.open(
        opening.endpoint, opening.session(consignment.route, serverName: serverName, isEncrypted: tls != nil), tls: tls,
        environment)
    } catch {
      if byPolicy { noteTest(opening, consignment, trouble: error) }
      throw error
    }
    if byPolicy { noteTest(opening, consignment, facts: link.facts) }
    if let place = consignment.place {
      environment.nextHops?.note(link.capabilities, isSecured: link.facts != nil, at: place)
    }
    let line = Line(
      link: link, domain: consignment.domain, route: consignment.route, opening: opening, dane: tls?.dane)
    self.line = line
    served = 0
    if consignment.requiresTLS, !link.capabilities.requireTLS {
      // RFC 8689 §4.2.1: the next host may; this one is left.
      end()
      throw .requireTLSNotOffered
    }
    return line
  }

  /// RFC 8461 §5: under a policy in testing, what an enforced one would have kept from going is told.
  private func noteTest(
    _ opening: HostTrial.Opening, _ consignment: Consignment, facts: TLSFacts? = nil, trouble: DeliveryTrouble? = nil
  ) {
    guard let problem = opening.policy.problemUnderTest(facts, trouble) else { return }
    environment.logger.warning(
      "an MTA-STS policy in testing would have kept a mail from going",
      metadata: [
        "domain": "\(consignment.domain?.description ?? "none")", "host": "\(opening.endpoint)",
        "policy": "\(opening.policy.reason)", "reason": "\(problem)",
      ])
  }
}
