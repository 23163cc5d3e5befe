public import MTACore

/// Which addresses of foreign domains are connected to: none of ours, and none in ignored networks.
///
/// The owner of a domain says in its zone where mail for it goes. A stranger can cause such mail: by a user who writes there, a
/// forward, a report to a forged sender. Servers of the settings are the operator's choice, and are not checked.
extension Router {
  /// What remains of a host after the check.
  enum Standing: Hashable, Sendable {
    case targets([IPAddress])
    /// The host is this server. Hosts after it would only give the mail back (RFC 5321 §5.1).
    case ourselves
    /// All of its addresses are in networks that are ignored.
    case ignored
  }

  /// - Parameters:
  ///   - addresses: of one host.
  ///   - port: the port to connect to.
  func standing(of addresses: [IPAddress], port: UInt16, on route: Route) -> Standing {
    if route.namesServer { return .targets(addresses) }
    if addresses.contains(where: { own.contain($0, port: port) }) { return .ourselves }
    if route.isOfSettings { return .targets(addresses) }
    let targets = addresses.filter { !ignored.lead(to: $0) }
    return targets.isEmpty && !addresses.isEmpty ? .ignored : .targets(targets)
  }

  /// Whether this server is among the hosts that share a preference, so that none of them may be tried. If each host has its own
  /// preference, its turn shows it.
  func isAmongEquals(_ hop: NextHop, on route: Route) async -> Bool {
    guard !own.places.isEmpty, !route.namesServer else { return false }
    let equals = route.hops.filter { $0.preference == hop.preference }
    guard equals.count > 1 else { return false }
    for other in equals {
      guard case .server(let server) = other.place, case .found(let location) = await location(of: server) else {
        continue
      }
      if standing(of: location.addresses, port: server.port, on: route) == .ourselves { return true }
    }
    return false
  }

  /// The route of a domain, as ``route(to:)`` finds it, and whether mail may be sent to any of its hosts. A receiver asks this before
  /// it accepts a recipient. If no host may get mail, the answer is ``MailRoute/noSuchDomain``. The look-ups end with the first host
  /// that may. A host whose addresses cannot be found out counts as one that may.
  public func mailRoute(of name: DNSName) async -> MailRoute {
    let route: Route
    do throws(DeliveryTrouble) { route = try await self.route(to: .name(name.description)) } catch {
      switch error {
      case .nullMX: return .nullMX
      case .dns(let failure, _): return .failure(failure)
      case .noSuchDomain, .loopsToSelf: return .noSuchDomain
      default: return .exchangers([])
      }
    }
    let exchangers = route.hops.compactMap { hop in
      hop.name.map { MailExchanger(preference: hop.preference ?? 0, host: $0) }
    }
    if route.isOfSettings { return .exchangers(exchangers) }
    var group: UInt16?
    hops: for hop in route.hops {
      guard case .server(let server) = hop.place else { continue }
      if hop.preference != group, await isAmongEquals(hop, on: route) { break }
      group = hop.preference
      guard case .found(let location) = await location(of: server) else { return .exchangers(exchangers) }
      switch standing(of: location.addresses, port: server.port, on: route) {
      case .targets: return .exchangers(exchangers)
      case .ourselves: break hops
      case .ignored: continue
      }
    }
    return .noSuchDomain
  }
}

extension Router.Route {
  /// Whether the settings chose these servers. Exchangers of the recipient's own domain, and an address that is the domain, are the
  /// choice of others.
  fileprivate var isOfSettings: Bool {
    switch setting?.target {
    case nil, .exchangers: false
    default: true
    }
  }

  /// The settings name the server itself.
  var namesServer: Bool {
    if case .exchangersOf = setting?.target { return false }
    return isOfSettings
  }
}
