public import Logging
public import MTACore
import MTASystem
public import MTATLS
public import NIOCore
public import NIOPosix

/// Says what a runner would do with mail for a domain, without doing it: routes and TLS policies, with their reasons.
///
/// ```swift
/// let planner = try DeliveryPlanner(dns: resolver, configuration: .init(serverName: "mail.example.org"))
/// for host in await planner.plan(for: domain).hosts { print(host.name, host.policy?.description ?? "") }
/// ```
///
/// It asks the DNS and policy hosts of MTA-STS, but no mail servers. It reads the file of MTA-STS policies, and leaves it unchanged.
public struct DeliveryPlanner: Sendable {
  private let router: Router
  private let policies: TLSPolicyFinder

  /// - Parameter logger: gets a line for each policy that cannot be fetched.
  /// - Throws: `TLSFailure` when the trust roots cannot be read.
  public init(
    dns: any DNSLookup, configuration: QueueRunner.Configuration,
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, threadPool: NIOThreadPool = .singleton,
    logger: Logger = Logger(label: "mta.plan") { _ in SwiftLogNoOpLogHandler() }
  ) throws(TLSFailure) {
    router = Router(dns: dns, configuration: configuration)
    policies = TLSPolicyFinder(
      dns: dns, configuration, try TLSContexts(trustRoots: configuration.trustRoots), clock: SystemClock(),
      group: eventLoopGroup, threads: threadPool, files: DurableFiles(), logger: logger, onlyLooks: true)
  }

  /// - Parameter requiresTLS: plan for a mail that came with REQUIRETLS (RFC 8689). Only an attempt shows whether a server offers it,
  ///   too.
  public func plan(for domain: Domain, requiresTLS: Bool = false) async -> DeliveryPlan {
    var plan = DeliveryPlan(domain)
    do throws(DeliveryTrouble) {
      let route = try await router.route(to: domain)
      plan.destination = route.key
      plan.setting = route.setting?.description
      plan.isAuthenticated = route.isAuthenticated
      for hop in route.hops {
        plan.hosts.append(await host(hop, on: route, for: domain, requiresTLS: requiresTLS))
      }
    } catch {
      let result = OutcomeClassifier.judge(error)
      plan.obstacle = result.message
      plan.isFailure = result.outcome == .failed
    }
    return plan
  }

  private func host(
    _ hop: Router.NextHop, on route: Router.Route, for domain: Domain, requiresTLS: Bool
  ) async -> DeliveryPlan.Host {
    var host = DeliveryPlan.Host(name: hop.description, preference: hop.preference)
    var location: HostLocation?
    if case .server(let server) = hop.place {
      let isNamedBySettings = policies.findsHosts(for: domain, on: route)
      switch await router.location(of: server, isNamedBySettings: isNamedBySettings) {
      case .found(let found):
        location = found
        host.addresses = found.addresses
      case .none: host.obstacle = "\(server.host) has no address"
      case .failure(let failure): host.obstacle = OutcomeClassifier.judge(.dns(failure, "\(server.host)")).message
      }
      if host.obstacle != nil { return host }
    }
    switch await policies.policy(for: domain, on: route, at: hop, location, requiresTLS: requiresTLS) {
    case .use(let policy): host.policy = policy
    case .skip(let trouble, let policy):
      host.policy = policy
      host.obstacle = OutcomeClassifier.judge(trouble).message
    }
    if case .server(let server) = hop.place {
      switch router.standing(of: host.addresses, port: server.port, on: route) {
      case .targets(let targets): host.addresses = targets
      case .ourselves: host.obstacle = "this server itself"
      case .ignored: host.obstacle = "5.1.2 in networks that no foreign mail is sent to"
      }
    }
    return host
  }
}
