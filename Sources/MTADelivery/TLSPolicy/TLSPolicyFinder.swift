import Logging
import MTACore
import MTASystem
import MTATLS
import NIOCore
import NIOPosix

/// Finds the TLS policy for a host: of the settings, else DANE, else MTA-STS, else TLS as offered.
struct TLSPolicyFinder: Sendable {
  /// What to do with a host.
  enum Finding: Hashable, Sendable {
    case use(TLSPolicy)
    /// The host gets no mail, for this reason, under this policy.
    case skip(DeliveryTrouble, TLSPolicy)
  }

  let dns: any DNSLookup
  /// False: no encryption, unless the settings demand it.
  let usesTLS: Bool
  let usesDANE: Bool
  /// The settings' demands, by domain.
  let demands: DomainTable<TLSDemand>
  /// Nil: off.
  let policies: MTASTSPolicies?

  init(
    dns: any DNSLookup, _ configuration: QueueRunner.Configuration, _ tls: TLSContexts, clock: any WallClock,
    group: any EventLoopGroup, threads: NIOThreadPool, files: DurableFiles, logger: Logger,
    onlyLooks: Bool = false
  ) {
    self.dns = dns
    usesTLS = configuration.usesTLS
    usesDANE = configuration.usesDANE
    demands = configuration.tlsPolicies
    policies = configuration.mtaSTS.map { settings in
      let fetch = PolicyFetch(
        dns: dns, group: group, tls: tls.verified, port: settings.port, timeLimit: settings.timeLimit,
        ignored: configuration.ignoreTargets)
      return MTASTSPolicies(
        settings, dns: dns, clock: clock,
        file: settings.cacheFile.map {
          MTASTSCacheFile(path: $0, files: files, threads: threads, isReadOnly: onlyLooks)
        }, logger: logger
      ) { domain throws(PolicyFetchFailure) in try await fetch(domain) }
    }
  }

  /// Whether a server of the route is looked up among the hosts of this machine first: a server of the settings. Not if DANE must vouch
  /// for it, because only the DNS can authenticate (RFC 7672 §2.2.2).
  func findsHosts(for domain: Domain?, on route: Router.Route) -> Bool {
    let demand = route.setting?.tls ?? domain.flatMap { demands.match($0)?.value }
    return route.exchangersOf == nil && demand != .dane
  }

  /// The policy for mail of `domain` on `route` at `hop`, whose addresses are `location`.
  ///
  /// - Parameter requiresTLS: the mail came with REQUIRETLS.
  func policy(
    for domain: Domain?, on route: Router.Route, at hop: Router.NextHop, _ location: HostLocation?, requiresTLS: Bool
  ) async -> Finding {
    let finding = await ownPolicy(for: domain, on: route, at: hop, location)
    guard requiresTLS, route.dialect == .smtp, case .use(let policy) = finding else { return finding }
    return raised(policy, on: route, at: hop)
  }

  /// RFC 8689 §4.2.1: DNSSEC or MTA-STS must vouch for the exchangers, and the certificate must be verified.
  private func raised(_ policy: TLSPolicy, on route: Router.Route, at hop: Router.NextHop) -> Finding {
    var raised = policy
    raised.isRequiredBySender = true
    if !policy.isVerified {
      raised.kind = .verify
      raised.reason = "the sender requires TLS; without that: \(policy)"
    }
    let isVouchedFor = route.isAuthenticated || policy.kind == .enforcedByMTASTS
    if isVouchedFor { return .use(raised) }
    let reason = "neither DNSSEC nor an enforced MTA-STS policy vouches for the exchanger \(hop)"
    return .skip(.requireTLSUnmet(reason), raised)
  }

  private func ownPolicy(
    for domain: Domain?, on route: Router.Route, at hop: Router.NextHop, _ location: HostLocation?
  ) async -> Finding {
    if case .unixSocket = hop.place { return .use(TLSPolicy(.none, reason: "a socket of this machine")) }
    if let demand = route.setting?.tls {
      return await demanded(demand, "set for the route", on: route, at: hop, location)
    }
    let hasCredentials = route.setting?.credentials != nil
    // A pattern that was not written for this server must not have a password said to whoever presents any certificate.
    if let domain, let (pattern, demand) = demands.match(domain), !hasCredentials || demand.isVerified {
      return await demanded(demand, "set for \(pattern)", on: route, at: hop, location)
    }
    if hasCredentials { return .use(TLSPolicy(.verify, reason: "there are credentials to say")) }
    if route.isImplicitTLS { return .use(TLSPolicy(.encrypt, reason: "TLS from the first byte")) }
    guard usesTLS else { return .use(TLSPolicy(.none, reason: "TLS is switched off")) }
    guard let owner = route.exchangersOf else {
      return .use(TLSPolicy(.opportunistic, reason: "a server of the settings"))
    }

    var reasons: [String] = []
    var unusable: String?
    switch await tlsa(on: route, at: hop, location) {
    case .records(let reference): return .use(Self.dane(reference, hop))
    case .unusable(let reason): unusable = reason
    case .failure(let failure, let name):
      return .skip(.dns(failure, name), TLSPolicy(.encrypt, reason: "whether \(name) has TLSA records is not known"))
    case .absent(let reason): reasons.append(reason)
    }
    // RFC 8461 §2: DANE, where it is, comes before.
    switch await policies?.finding(for: owner) {
    case nil: reasons.append("MTA-STS is switched off")
    case .none(let reason)?: reasons.append(reason)
    case .policy(let policy, let note)?:
      // RFC 7672 §2.2: beside unusable records TLS stays mandatory, so a policy in testing, which allows clear text, is no answer.
      if unusable == nil || policy.mode == .enforce, let finding = Self.mtaSTS(policy, note, owner, hop) {
        return finding
      }
      reasons.append("the MTA-STS policy of \(owner) has mode \(policy.mode.rawValue)")
    }
    if let unusable { return .use(TLSPolicy(.encrypt, reason: unusable)) }
    return .use(TLSPolicy(.opportunistic, reason: reasons.joined(separator: "; ")))
  }

  private func tlsa(
    on route: Router.Route, at hop: Router.NextHop, _ location: HostLocation?
  ) async -> TLSASearch.Finding {
    guard usesDANE else { return .absent("DANE is switched off") }
    guard let owner = route.exchangersOf, route.isAuthenticated else {
      return .absent("the exchangers are not authenticated")
    }
    return await searchTLSA(at: hop, location, otherNames: [owner.description])
  }

  private func searchTLSA(
    at hop: Router.NextHop, _ location: HostLocation?, otherNames: [String]
  ) async -> TLSASearch.Finding {
    guard case .server(let server) = hop.place, case .name(let host) = server.host, let location else {
      return .absent("\(hop) is no host of the DNS")
    }
    return await TLSASearch.search(host, port: server.port, at: location, otherNames: otherNames, in: dns)
  }

  private static func dane(_ reference: DANEReference, _ hop: Router.NextHop, _ more: String = "") -> TLSPolicy {
    let records = Set(reference.records.map(\.description)).sorted().joined(separator: ", ")
    return TLSPolicy(.dane(reference), reason: "TLSA \(records) for \(reference.baseDomain), authenticated\(more)")
  }

  /// Nil if the policy's mode is none.
  private static func mtaSTS(
    _ policy: MTASTSPolicy, _ note: String, _ owner: DNSName, _ hop: Router.NextHop
  ) -> Finding? {
    let matches = hop.name.map { policy.names($0) } ?? false
    let host = hop.name.map(\.description) ?? hop.description
    let reason = "policy \(policy.id) of \(owner)\(note) \(matches ? "names" : "does not name") \(host)"
    switch policy.mode {
    case .none: return nil
    case .testing: return .use(TLSPolicy(.testedByMTASTS(fits: matches), reason: reason))
    case .enforce:
      let applied = TLSPolicy(.enforcedByMTASTS, reason: reason)
      // RFC 8461 §4.1: a host that no pattern matches gets no mail.
      return matches ? .use(applied) : .skip(.tlsPolicy("the MTA-STS \(reason)"), applied)
    }
  }

  private func demanded(
    _ demand: TLSDemand, _ reason: String, on route: Router.Route, at hop: Router.NextHop, _ location: HostLocation?
  ) async -> Finding {
    switch demand {
    case .none where route.isImplicitTLS, .opportunistic where route.isImplicitTLS:
      return .use(TLSPolicy(.encrypt, reason: "TLS from the first byte; \(demand) is \(reason)"))
    case .none: return .use(TLSPolicy(.none, reason: reason))
    case .opportunistic: return .use(TLSPolicy(.opportunistic, reason: reason))
    case .encrypt: return .use(TLSPolicy(.encrypt, reason: reason))
    case .verify: return .use(TLSPolicy(.verify, reason: reason))
    case .dane: break
    }
    let needed = TLSPolicy(.encrypt, reason: "dane, \(reason)")
    guard route.isAuthenticated else {
      return .skip(.tlsPolicy("dane is \(reason), and the exchangers are not authenticated"), needed)
    }
    switch await searchTLSA(at: hop, location, otherNames: route.exchangersOf.map { [$0.description] } ?? []) {
    case .records(let reference): return .use(Self.dane(reference, hop, ", \(reason)"))
    case .failure(let failure, let name): return .skip(.dns(failure, name), needed)
    case .absent(let why), .unusable(let why): return .skip(.tlsPolicy("dane is \(reason), and \(why)"), needed)
    }
  }
}
