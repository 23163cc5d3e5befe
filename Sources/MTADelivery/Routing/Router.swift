public import MTACore

/// Finds the servers of a domain (RFC 5321 §5): by the routes of the settings, else by the DNS.
public struct Router: Sendable {
  /// The number of a domain's exchangers that are tried. Each costs look-ups.
  static let maximumExchangers = 20

  let dns: any DNSLookup
  private let hosts: any DNSLookup
  private let serverName: DNSName?
  let port: UInt16
  private let routes: DomainTable<DeliveryRoute>
  private let fallback: DeliveryRoute?
  let own: OwnPlaces
  let ignored: [Network]
  private let shuffle: @Sendable ([MailExchanger]) -> [MailExchanger]

  /// - Parameters:
  ///   - hosts: looks up servers that the settings name; nil: the DNS.
  ///   - serverName: our own name. An exchanger with this name is this server.
  ///   - port: the port of exchangers, 25 by the standard.
  ///   - routes: the routes of single domains.
  ///   - fallback: the route of all other domains, such as a smarthost; nil: their exchangers.
  ///   - own: where we listen. An exchanger at such an address is this server.
  ///   - ignored: networks that hold no exchanger of a foreign domain.
  ///   - shuffle: orders exchangers of equal preference; by default at random (RFC 5321 §5.1).
  public init(
    dns: any DNSLookup, hosts: (any DNSLookup)? = nil, serverName: String, port: UInt16 = 25,
    routes: DomainTable<DeliveryRoute> = DomainTable(),
    fallback: DeliveryRoute? = nil, own: OwnPlaces = OwnPlaces(), ignored: [Network] = Network.noTargets,
    shuffle: @escaping @Sendable ([MailExchanger]) -> [MailExchanger] = { $0.shuffled() }
  ) {
    self.dns = dns
    self.hosts = hosts ?? dns
    self.serverName = DNSName(serverName)
    self.port = port
    self.routes = routes
    self.fallback = fallback
    self.own = own
    self.ignored = ignored
    self.shuffle = shuffle
  }

  init(dns: any DNSLookup, configuration: QueueRunner.Configuration) {
    self.init(
      dns: dns, hosts: configuration.hosts, serverName: configuration.serverName, port: configuration.remoteSMTPPort,
      routes: configuration.routes, fallback: configuration.smarthostRoute, own: configuration.ownPlaces,
      ignored: configuration.ignoreTargets)
  }

  /// Whether the domain's mail goes where all mail without a route goes.
  package func usesFallback(_ domain: Domain) -> Bool { fallback != nil && routes.match(domain) == nil }

  /// The servers for a domain's mail, in the order of trying.
  ///
  /// - Throws: why there are none. ``DeliveryTrouble/dns(_:_:)`` and ``DeliveryTrouble/routeHolds(_:)`` are temporary, the others are
  ///   not.
  package func route(to domain: Domain) async throws(DeliveryTrouble) -> Route {
    let setting = setting(of: domain)
    if let setting, let route = Route(to: setting) { return route }
    switch setting?.target {
    case .exchangersOf(let name)?: return try await exchangers(of: .name(name.description), setting)
    case .fail(let text)?: throw .routeFails(text)
    case .hold(let text)?: throw .routeHolds(text)
    default: return try await exchangers(of: domain, setting)
    }
  }

  /// The route of the settings for a domain's mail.
  func setting(of domain: Domain) -> DeliveryRoute? { routes.match(domain)?.value ?? fallback }

  private func exchangers(of domain: Domain, _ setting: DeliveryRoute?) async throws(DeliveryTrouble) -> Route {
    switch domain {
    case .literal(let address): return Route([NextHop(HostAndPort(.address(address), port: port))], setting: setting)
    case .other(let text): throw .noSuchDomain(text)
    case .name(let text):
      // Names that the DNS cannot hold, U-labels that are none among them.
      guard let name = domain.dnsName else { throw .noSuchDomain(text) }
      let (route, isAuthenticated) = await dns.vouchedMailRoute(of: name)
      switch route {
      case .exchangers(let exchangers):
        return Route(
          try order(exchangers, for: text), exchangersOf: name, isAuthenticated: isAuthenticated, setting: setting)
      case .nullMX: throw .nullMX(text)
      case .noSuchDomain: throw .noSuchDomain(text)
      case .failure(let failure): throw .dns(failure, text)
      }
    }
  }

  /// Best preference first, equal ones shuffled. If this server is among the exchangers, only those before it count; otherwise mail
  /// would go in circles (RFC 5321 §5.1).
  private func order(_ exchangers: [MailExchanger], for domain: String) throws(DeliveryTrouble) -> [NextHop] {
    let own = exchangers.filter { $0.host == serverName }.map(\.preference).min()
    let usable = exchangers.filter { own == nil || $0.preference < own ?? 0 }
    guard !usable.isEmpty else { throw .loopsToSelf(domain) }
    let groups = Dictionary(grouping: usable, by: \.preference)
    let ordered = groups.keys.sorted().flatMap { shuffle(groups[$0] ?? []) }
    return ordered.prefix(Self.maximumExchangers).map {
      NextHop(HostAndPort(.name($0.host), port: port), preference: $0.preference)
    }
  }

  /// The addresses of a server, in the order of trying: those that ``HostAndPort`` names, or those of the DNS.
  ///
  /// - Parameter isNamedBySettings: whether the hosts of this machine are asked first. For exchangers they never are.
  package func location(of server: HostAndPort, isNamedBySettings: Bool = false) async -> DNSResult<HostLocation> {
    switch server.host {
    case .address(let address): return .found(Self.given([address], name: .root))
    // RFC 6761 §6.3: resolvers answer for it themselves.
    case .name(let name) where name.description == "localhost":
      return .found(Self.given([.loopback4, .loopback6], name: name))
    case .name(let name):
      let result = await (isNamedBySettings ? hosts : dns).location(of: name)
      guard case .found(var location) = result else { return result }
      location.addresses = AddressOrder.arrange(location.addresses)
      return .found(location)
    }
  }

  private static func given(_ addresses: [IPAddress], name: DNSName) -> HostLocation {
    HostLocation(addresses: addresses, canonicalName: name, isAuthenticated: false)
  }
}
