import MTACore

/// Where a filter listens, as the setting `contentFilter` spells it.
public enum FilterServer: Hashable, Sendable {
  case server(HostAndPort)
  case unixSocket(path: String)
}

extension FilterServer: CustomStringConvertible, LosslessStringConvertible {
  /// `HOST:PORT` or `/SOCKET`.
  public init?(_ text: String) {
    if text.hasPrefix("/") {
      // What a socket's address has room for, its closing NUL included.
      guard text.utf8.count < 108, !text.utf8.contains(0) else { return nil }
      self = .unixSocket(path: text)
    } else {
      guard let server = HostAndPort(text) else { return nil }
      self = .server(server)
    }
  }

  public var description: String {
    switch self {
    case .server(let server): server.description
    case .unixSocket(let path): path
    }
  }
}

extension FilterServer {
  /// The addresses to try, in order; at most four.
  func endpoints(_ dns: any DNSLookup) async throws(FilterTrouble) -> [ServerEndpoint] {
    switch self {
    case .unixSocket(let path): return [ServerEndpoint(name: "localhost", place: .unixSocket(path))]
    case .server(let server):
      let router = Router(dns: dns, serverName: "localhost")
      guard case .found(let location) = await router.location(of: server) else { throw .noAddress }
      return location.addresses.prefix(4).map {
        ServerEndpoint(name: "\(server.host)", place: .address($0, port: server.port))
      }
    }
  }
}
