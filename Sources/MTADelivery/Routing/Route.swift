package import MTACore

extension Router {
  /// A server to try. Its addresses are looked up when its turn comes.
  package struct NextHop: Hashable, Sendable, CustomStringConvertible {
    package enum Place: Hashable, Sendable {
      case server(HostAndPort)
      case unixSocket(String)
    }

    package var place: Place
    /// Of an exchanger; nil for a server that the settings name.
    package var preference: UInt16?

    package init(_ server: HostAndPort, preference: UInt16? = nil) {
      place = .server(server)
      self.preference = preference
    }

    package init(unixSocket path: String) { place = .unixSocket(path) }

    /// The host's name, if it has one.
    package var name: DNSName? {
      if case .server(let server) = place, case .name(let name) = server.host { name } else { nil }
    }

    /// `mx.example.org:25`, or the path of a socket.
    package var description: String {
      switch place {
      case .server(let server): server.description
      case .unixSocket(let path): path
      }
    }
  }

  /// The route of a domain's mail: the servers, and how to speak to them.
  package struct Route: Hashable, Sendable {
    /// In the order in which they are tried; at least one.
    package var hops: [NextHop]
    package var dialect: ClientSession.Dialect
    /// TLS from the first byte.
    package var isImplicitTLS: Bool
    /// The domain whose exchangers these are; nil if the settings name the server.
    package var exchangersOf: DNSName?
    /// Whether the exchangers are authenticated (DNSSEC). Always true for a server of the settings.
    package var isAuthenticated: Bool
    /// The route of the settings; nil for a domain without one.
    package var setting: DeliveryRoute?

    package init(
      _ hops: [NextHop], dialect: ClientSession.Dialect = .smtp, isImplicitTLS: Bool = false,
      exchangersOf: DNSName? = nil, isAuthenticated: Bool = true, setting: DeliveryRoute? = nil
    ) {
      self.hops = hops
      self.dialect = dialect
      self.isImplicitTLS = isImplicitTLS
      self.exchangersOf = exchangersOf
      self.isAuthenticated = isAuthenticated
      self.setting = setting
    }

    /// The route to a server of the settings; nil if they name none.
    init?(to setting: DeliveryRoute) {
      switch setting.target {
      case .smtp(let server): self.init([Router.NextHop(server)], setting: setting)
      case .smtps(let server): self.init([Router.NextHop(server)], isImplicitTLS: true, setting: setting)
      case .lmtp(let server): self.init([Router.NextHop(server)], dialect: .lmtp, setting: setting)
      case .lmtpSocket(let path):
        self.init([Router.NextHop(unixSocket: path)], dialect: .lmtp, setting: setting)
      case .exchangers, .exchangersOf, .fail, .hold: return nil
      }
    }

    /// A name for the servers in any order. Domains with the same key have the same servers, and count as one destination.
    ///
    /// `mx1.example.net:25,mx2.example.net:25` for exchangers, `smtp:relay.example.net:587` for a server that the settings name.
    package var key: String {
      switch setting?.target {
      case nil, .exchangers, .exchangersOf: break
      case let target?: return target.description
      }
      return Set(hops.map(\.description)).sorted().joined(separator: ",")
    }
  }
}

extension Router.Route: CustomStringConvertible, CustomDebugStringConvertible {
  /// The hops in order, without credentials: fit for logs.
  package var description: String { hops.map(\.description).joined(separator: ", ") }
  package var debugDescription: String { description }
}
