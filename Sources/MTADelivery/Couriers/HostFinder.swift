import MTACore

/// Finds out about one host of a route: where it is, whether it may be connected to, and what TLS a mail must have on its way there.
struct HostFinder: Sendable {
  let router: Router
  let policies: TLSPolicyFinder
  /// The addresses to connect from, unless the route has its own.
  let sources: SourceAddresses

  /// - Parameter opensGroup: the hop is the first of its preference, so that those that share it are looked at, too.
  func find(
    _ hop: Router.NextHop, opensGroup: Bool, for consignment: Consignment
  ) async -> HostTrial.Finding {
    let route = consignment.route
    if opensGroup, await router.isAmongEquals(hop, on: route) { return .ourselves }
    var location: HostLocation?
    if case .server(let server) = hop.place {
      switch await self.location(of: server, for: consignment) {
      case .found(var found):
        switch router.standing(of: found.addresses, port: server.port, on: route) {
        case .targets(let targets): found.addresses = targets
        case .ourselves: return .ourselves
        case .ignored: return .ignored
        }
        location = found
      case .none: return .noAddress
      case .failure(let failure): return .unknown(failure)
      }
    }
    switch await policy(for: consignment, at: hop, location) {
    case .use(let policy): return .endpoints(endpoints(of: hop, location, on: route), policy)
    case .skip(let trouble, let policy): return .skipped(trouble, policy)
    }
  }

  /// The policy alone, for a connection that stands already.
  func policy(for consignment: Consignment, at hop: Router.NextHop) async -> TLSPolicyFinder.Finding {
    var location: HostLocation?
    if case .server(let server) = hop.place,
      case .found(let found) = await self.location(of: server, for: consignment)
    {
      location = found
    }
    return await policy(for: consignment, at: hop, location)
  }

  private func policy(
    for consignment: Consignment, at hop: Router.NextHop, _ location: HostLocation?
  ) async -> TLSPolicyFinder.Finding {
    await policies.policy(
      for: consignment.domain, on: consignment.route, at: hop, location, requiresTLS: consignment.requiresTLS)
  }

  private func location(of server: HostAndPort, for consignment: Consignment) async -> DNSResult<HostLocation> {
    let isNamedBySettings = policies.findsHosts(for: consignment.domain, on: consignment.route)
    return await router.location(of: server, isNamedBySettings: isNamedBySettings)
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
}
