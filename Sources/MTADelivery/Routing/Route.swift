package import MTACore

extension Router {
  /// A server to try; its addresses are looked up when its turn comes.
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

    /// The host's name where it has one.
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

  /// The way of a domain's mail: the servers, and how they are spoken to.
  package struct Route: Hashable, Sendable {
    /// In the order in which they are tried; at least one.
    package var hops: [NextHop]
    package var dialect: ClientSession.Dialect
    /// TLS from the first byte.
    package var isImplicitTLS: Bool
    /// Whose exchangers the hops are; nil when the settings name the server.
    package var exchangersOf: DNSName?
    /// The DNS vouches for the exchangers: the answer was authenticated. Always true for a server that the settings name.
    package var isAuthenticated: Bool
    /// What the settings say of the way; nil for a domain that they do not name.
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

    /// The way to a server that the settings name; nil where they name none.
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

    /// Names the servers whatever their order: domains with the same key go to the same servers, and count as one destination.
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
