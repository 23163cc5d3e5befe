public import MTACore

/// Finds the servers of a domain (RFC 5321 §5).
public struct Router: Sendable {
  /// A server to try; its addresses are looked up when its turn comes.
  public struct NextHop: Hashable, Sendable {
    public var server: HostAndPort

    public init(_ server: HostAndPort) { self.server = server }
  }

  public enum Route: Hashable, Sendable {
    /// In the order in which they are tried; at least one.
    case hops([NextHop])
    case trouble(DeliveryTrouble)
  }

  private let dns: any DNSLookup
  private let serverName: DNSName?
  private let port: UInt16
  private let shuffle: @Sendable ([MailExchanger]) -> [MailExchanger]

  /// - Parameters:
  ///   - serverName: our own name, by which we know ourselves among exchangers.
  ///   - port: of remote servers, 25 by the standard.
  ///   - shuffle: puts exchangers of equal preference in an order, by default a random one (RFC 5321 §5.1).
  public init(
    dns: any DNSLookup, serverName: String, port: UInt16 = 25,
    shuffle: @escaping @Sendable ([MailExchanger]) -> [MailExchanger] = { $0.shuffled() }
  ) {
    self.dns = dns
    self.serverName = DNSName(serverName)
    self.port = port
    self.shuffle = shuffle
  }

  public func route(to domain: Domain) async -> Route {
    switch domain {
    case .literal(let address): return .hops([NextHop(HostAndPort(.address(address), port: port))])
    case .name(let name):
      // Names that the DNS cannot hold, U-labels among them.
      guard let dnsName = domain.dnsName else { return .trouble(.noSuchDomain(name)) }
      switch await dns.mailRoute(of: dnsName) {
      case .exchangers(let exchangers): return order(exchangers, for: name)
      case .nullMX: return .trouble(.nullMX(name))
      case .noSuchDomain: return .trouble(.noSuchDomain(name))
      case .failure(let failure): return .trouble(.dns(failure, name))
      }
    }
  }

  /// Best preference first, equals shuffled; where we are among the exchangers, only those before us, or mail would go
  /// round in circles (RFC 5321 §5.1).
  private func order(_ exchangers: [MailExchanger], for domain: String) -> Route {
    let own = exchangers.filter { $0.host == serverName }.map(\.preference).min()
    let usable = exchangers.filter { own == nil || $0.preference < own ?? 0 }
    guard !usable.isEmpty else { return .trouble(.loopsToSelf(domain)) }
    let groups = Dictionary(grouping: usable, by: \.preference)
    let ordered = groups.keys.sorted().flatMap { shuffle(groups[$0] ?? []) }
    return .hops(ordered.map { NextHop(HostAndPort(.name($0.host), port: port)) })
  }

  /// The addresses of a server: what ``HostAndPort`` names, or the DNS knows.
  public func addresses(of hop: NextHop) async -> DNSResult<[IPAddress]> {
    switch hop.server.host {
    case .address(let address): return .found([address])
    // RFC 6761 §6.3: resolvers answer for it themselves.
    case .name(let name) where name.description == "localhost": return .found([.loopback4, .loopback6])
    case .name(let name): return await dns.addresses(of: name)
    }
  }
}
