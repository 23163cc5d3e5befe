/// Where a host is, and how sure that is.
package struct HostLocation: Hashable, Sendable {
  /// IPv4 first; at least one.
  package var addresses: [IPAddress]
  /// The host's name behind all aliases; its own when it is none.
  package var canonicalName: DNSName
  /// Every answer that gave addresses was authenticated, aliases and all.
  package var isAuthenticated: Bool

  package init(addresses: [IPAddress], canonicalName: DNSName, isAuthenticated: Bool) {
    self.addresses = addresses
    self.canonicalName = canonicalName
    self.isAuthenticated = isAuthenticated
  }
}

extension DNSLookup {
  /// The addresses of a host with what DANE needs to know of them (RFC 7672 §2.2.2); ``DNSResult/none`` when it certainly has none.
  package func location(of host: DNSName) async -> DNSResult<HostLocation> {
    async let four = lookup(host, .a)
    async let six = lookup(host, .aaaa)
    let answers = await [four, six]
    var location = HostLocation(addresses: [], canonicalName: host, isAuthenticated: true)
    var failure: DNSFailure?
    for answer in answers {
      switch answer {
      case .records(let records, let authenticated):
        let found = records.compactMap { if case .address(let address) = $0.data { address } else { nil } }
        location.addresses += found
        location.isAuthenticated = location.isAuthenticated && authenticated
        // The records stand under the last name of the chain.
        if let owner = records.first?.name { location.canonicalName = owner }
      case .failure(let reason): failure = failure ?? reason
      case .noSuchName, .noSuchType: break
      }
    }
    if !location.addresses.isEmpty { return .found(location) }
    return failure.map { .failure($0) } ?? .none
  }
}
