import MTACore
import MTADelivery
import MTAReceiver
import MTASystem
import MTATLS
import NIOCore

/// The ways of mail to other servers, and their TLS: read from the file, and told to the runner.
extension Settings {
  mutating func readRoutes(_ reader: inout SettingsReader) {
    reader.optionalText("smarthostUser", into: &smarthostUser)
    reader.optionalPath("smarthostPasswordFile", into: &smarthostPasswordFile)
    if (smarthostUser == nil) != (smarthostPasswordFile == nil) {
      reader.complain(
        smarthostUser == nil ? "smarthostUser" : "smarthostPasswordFile", "is needed with its counterpart")
    }
    let words = TLSDemand.allCases.map(\.rawValue).joined(separator: ", ")
    if let demand = reader.take("smarthostTLS", "one of \(words)", { String($0).flatMap { TLSDemand(rawValue: $0) } }) {
      smarthostTLS = demand
    }
    let tables = reader.take("tlsPolicies", "an object of domains, each with one of \(words)") {
      raw -> [String: TLSDemand]? in
      guard case .map(let entries) = raw else { return nil }
      let demands = entries.compactMapValues { String($0).flatMap { TLSDemand(rawValue: $0) } }
      return demands.count == entries.count && Self.arePatterns(demands.keys) ? demands : nil
    }
    if let tables { tlsPolicies = tables }
    let forms = "mx, mx:DOMAIN, smtp:HOST:PORT, smtps:HOST:PORT, lmtp:HOST:PORT, lmtp:/SOCKET, fail:TEXT or hold:TEXT"
    let read = reader.take(
      "routes", "an object of domains, each with \(forms), or with an object that has this as \"to\""
    ) {
      raw -> [String: Route]? in
      guard case .map(let entries) = raw else { return nil }
      let routes = entries.compactMapValues { Self.route($0) }
      return routes.count == entries.count && Self.arePatterns(routes.keys) ? routes : nil
    }
    if let read {
      routes = read.mapValues { route in
        var route = route
        route.passwordFile = route.passwordFile.map { reader.absolute($0) }
        return route
      }
    }
    let sources = reader.take("sourceAddresses", "a list of at most one IPv4 and one IPv6 address") { Self.sources($0) }
    if let sources { sourceAddresses = sources }
    reader.flag("dane", into: &dane)
    reader.flag("mtaSTS", into: &mtaSTS)
    reader.path("mtaSTSCache", into: &mtaSTSCache)
    reader.optionalPath("trustRoots", into: &trustRoots)
  }

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

  private static func sources(_ raw: AttributeValue) -> [IPAddress]? {
    guard let texts = [String](raw) else { return nil }
    let addresses = texts.compactMap { IPAddress($0) }
    return addresses.count == texts.count && SourceAddresses(addresses) != nil ? addresses : nil
  }

  /// A text is the target alone.
  private static func route(_ raw: AttributeValue) -> Route? {
    if let text = String(raw) { return RouteTarget(text).map { Route($0) } }
    guard case .map(let fields) = raw, Set(fields.keys).isSubset(of: ["to", "tls", "user", "passwordFile", "from"]),
      let target = fields["to"].flatMap({ String($0) }).flatMap({ RouteTarget($0) })
    else { return nil }
    var route = Route(target)
    if let tls = fields["tls"] {
      guard let demand = String(tls).flatMap({ TLSDemand(rawValue: $0) }) else { return nil }
      route.tls = demand
    }
    if let user = fields["user"], let file = fields["passwordFile"] {
      guard let user = SettingsReader.text(user), let file = SettingsReader.text(file) else { return nil }
      (route.user, route.passwordFile) = (user, file)
    } else if fields["user"] != nil || fields["passwordFile"] != nil {
      return nil
    }
    if let from = fields["from"] {
      guard let addresses = sources(from) else { return nil }
      route.sourceAddresses = addresses
    }
    return route
  }

  // MARK: for the rooms

  static func target(_ route: Route) -> RouteTarget { route.target }

  /// The routes by domain; what is no pattern, which only code can set, is left out.
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
    configuration.usesDANE = dane
    configuration.mtaSTS = mtaSTS ? MTASTSConfiguration(cacheFile: mtaSTSCache) : nil
    if let trustRoots { configuration.trustRoots = .certificates(.file(trustRoots)) }
  }

  /// The password is read when the server starts, and never shown.
  func credentials(_ user: String?, _ file: String?, _ key: String) throws(StartFailure) -> Credentials? {
    guard let user, let file else { return nil }
    let content: ByteBuffer
    do throws(FileFailure) {
      content = try DurableFiles().openForReading(file, at: "password.open").read(
        from: 0, upTo: 4096, at: "password.read")
    } catch { throw StartFailure("\(key): \(error)") }
    var bytes = content.readableBytesView[...]
    while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
    let credentials = Credentials(username: user, password: String(decoding: bytes, as: UTF8.self))
    guard !bytes.isEmpty, String(validating: bytes, as: UTF8.self) != nil, ClientCommand.isEncodable(credentials) else {
      throw StartFailure("\(key): the file holds no password")
    }
    return credentials
  }
}
