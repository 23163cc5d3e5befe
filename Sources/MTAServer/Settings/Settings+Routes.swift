import MTACore
import MTADelivery
import MTAReceiver
import MTATLS

/// The routes to other servers, and their TLS: read from the file, and passed to the runner.
extension Settings {
  static func arePatterns(_ texts: some Sequence<String>) -> Bool {
    var table = DomainTable<Bool>()
    var count = 0
    for text in texts {
      guard table.set(true, for: text) else { return false }
      count += 1
    }
    // One in two spellings would win by chance.
    return table.patterns.count == count
  }

  // MARK: for the rooms

  static func target(_ route: Route) -> RouteTarget { route.target }

  /// The routes by domain. Texts that are not patterns are left out; only code can set them.
  func routeTable<Value>(_ value: (Route) -> Value) -> DomainTable<Value> {
    var table = DomainTable<Value>()
    for (pattern, route) in routes { _ = table.set(value(route), for: pattern) }
    return table
  }

  var ownPlaces: OwnPlaces {
    OwnPlaces(listeningPorts.filter { $0.port != 0 }.map { OwnPlaces.Place($0.address, port: $0.port) })
  }

  func setWays(of configuration: inout QueueRunner.Configuration) throws(StartFailure) {
    for (pattern, route) in routes {
      var way = DeliveryRoute(route.target, tls: route.tls)
      way.credentials = try credentials(route.user, route.passwordFile, "routes: \(pattern)")
      if let addresses = route.sourceAddresses {
        guard let sources = SourceAddresses(addresses) else { throw StartFailure("routes: \(pattern): from") }
        way.sources = sources
      }
      guard configuration.routes.set(way, for: pattern) else {
        throw StartFailure("routes: \(pattern) is no domain, .domain or *")
      }
    }
    for (pattern, demand) in tlsPolicies where !configuration.tlsPolicies.set(demand, for: pattern) {
      throw StartFailure("tlsPolicies: \(pattern) is no domain, .domain or *")
    }
    guard let sources = SourceAddresses(sourceAddresses) else {
      throw StartFailure("sourceAddresses: more than one of a family")
    }
    configuration.sourceAddresses = sources
    configuration.ownPlaces = ownPlaces
    configuration.mtaSTS = mtaSTS ? MTASTSConfiguration(cacheFile: mtaSTSCache) : nil
    if let trustRoots { configuration.trustRoots = .certificates(InheritedFiles.shared.pem(trustRoots)) }
  }

  func credentials(_ user: String?, _ file: String?, _ key: String) throws(StartFailure) -> Credentials? {
    guard let user, let file else { return nil }
    let credentials = Credentials(username: user, password: try PasswordFile.read(file, key))
    guard ClientCommand.isEncodable(credentials) else { throw StartFailure("\(key): the file holds no password") }
    return credentials
  }
}
