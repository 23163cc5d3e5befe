import MTACore
import MTADelivery

/// The settings of routes with forms of their own.
extension Setting {
  private static let demands = TLSDemand.allCases.map(\.rawValue).joined(separator: ", ")

  static func smarthost(_ meaning: String) -> Setting {
    Setting("smarthost", .text, type: "`HOST:PORT`, `smtps:HOST:PORT` or `none`", initial: "none", meaning) {
      reader, settings in
      let host = reader.take("smarthost", "HOST:PORT, smtps:HOST:PORT or none") { raw -> Settings.Smarthost?? in
        guard let text = String(raw) else { return nil }
        if text == "none" { return .some(nil) }
        return Settings.Smarthost(text).map { .some($0) }
      }
      if let host { settings.smarthost = host }
    }
  }

  static func smarthostTLS(_ meaning: String) -> Setting {
    Setting(
      "smarthostTLS", .text, type: "`none`, `opportunistic`, `encrypt`, `verify` or `dane`",
      initial: "`verify` with `smarthostUser`, else `opportunistic`", meaning
    ) { reader, settings in
      let demand = reader.take("smarthostTLS", "one of \(demands)") { String($0).flatMap { TLSDemand(rawValue: $0) } }
      if let demand { settings.runner.smarthostTLS = demand }
    }
  }

  static func tlsPolicies(_ meaning: String) -> Setting {
    Setting("tlsPolicies", .object, type: "object, domain → word", initial: "`{}`", meaning) { reader, settings in
      let table = reader.take("tlsPolicies", "an object of domains, each with one of \(demands)") {
        raw -> [String: TLSDemand]? in
        guard case .map(let entries) = raw else { return nil }
        let demands = entries.compactMapValues { String($0).flatMap { TLSDemand(rawValue: $0) } }
        return demands.count == entries.count && Settings.arePatterns(demands.keys) ? demands : nil
      }
      if let table { settings.tlsPolicies = table }
    }
  }

  static func routes(_ meaning: String) -> Setting {
    Setting("routes", .object, type: "object, domain → text or object", initial: "`{}`", meaning) { reader, settings in
      let forms =
        "mx, mx:DOMAIN, smtp:HOST:PORT, smtps:HOST:PORT, lmtp:HOST:PORT, lmtp:/SOCKET, fail:TEXT or hold:TEXT"
      let routes = reader.take(
        "routes", "an object of domains, each with \(forms), or with an object that has this as \"to\""
      ) { raw -> [String: Settings.Route]? in
        guard case .map(let entries) = raw else { return nil }
        let routes = entries.compactMapValues { route($0) }
        return routes.count == entries.count && Settings.arePatterns(routes.keys) ? routes : nil
      }
      guard let routes else { return }
      settings.routes = routes.mapValues { route in
        var route = route
        route.passwordFile = route.passwordFile.map { reader.absolute($0, in: "routes") }
        return route
      }
    }
  }

  static func sourceAddresses(_ meaning: String) -> Setting {
    Setting("sourceAddresses", .list(numbers: false), type: "list of addresses", initial: "`[]`", meaning) {
      reader, settings in
      let addresses = reader.take("sourceAddresses", "a list of at most one IPv4 and one IPv6 address") { sources($0) }
      if let addresses { settings.sourceAddresses = addresses }
    }
  }

  private static func sources(_ raw: AttributeValue) -> [IPAddress]? {
    guard let texts = [String](raw) else { return nil }
    let addresses = texts.compactMap { IPAddress($0) }
    return addresses.count == texts.count && SourceAddresses(addresses) != nil ? addresses : nil
  }

  /// A text is the target alone.
  private static func route(_ raw: AttributeValue) -> Settings.Route? {
    if let text = String(raw) { return RouteTarget(text).map { Settings.Route($0) } }
    guard case .map(let fields) = raw, Set(fields.keys).isSubset(of: ["to", "tls", "user", "passwordFile", "from"]),
      let target = fields["to"].flatMap({ String($0) }).flatMap({ RouteTarget($0) })
    else { return nil }
    var route = Settings.Route(target)
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
}
