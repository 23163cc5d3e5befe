/// A host that takes mail for a domain, with its addresses.
public struct LocatedExchanger: Hashable, Sendable {
  public var exchanger: MailExchanger
  /// IPv4 first. Empty if the host has none, or if they could not be found out.
  public var addresses: [IPAddress]
  /// Why the addresses are unknown; nil if they are known, or if there are certainly none.
  public var failure: DNSFailure?

  public init(exchanger: MailExchanger, addresses: [IPAddress], failure: DNSFailure? = nil) {
    self.exchanger = exchanger
    self.addresses = addresses
    self.failure = failure
  }
}

extension DNSLookup {
  /// The mail exchangers of a domain, lowest preference first, each with its addresses. Only the first 16, all looked up at once.
  /// ``DNSResult/none`` if the domain does not exist, takes no mail (RFC 7505) or has no host.
  ///
  /// Delivery needs one host after the other, and must know a null MX. It uses ``mailRoute(of:)``.
  public func mailExchangers(of domain: DNSName) async -> DNSResult<[LocatedExchanger]> {
    switch await mailRoute(of: domain) {
    case .nullMX, .noSuchDomain: return .none
    case .failure(let reason): return .failure(reason)
    case .exchangers(let exchangers):
      return .found(
        await withTaskGroup(of: (Int, LocatedExchanger).self) { group in
          for (index, exchanger) in exchangers.prefix(16).enumerated() {
            group.addTask {
              switch await addresses(of: exchanger.host) {
              case .found(let found): (index, LocatedExchanger(exchanger: exchanger, addresses: found))
              case .none: (index, LocatedExchanger(exchanger: exchanger, addresses: []))
              case .failure(let reason): (index, LocatedExchanger(exchanger: exchanger, addresses: [], failure: reason))
              }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        })
    }
  }

  /// The key records of a DKIM signature: the TXT records of `selector._domainkey.domain`, with their strings joined (RFC 6376 §3.6.2).
  /// More than one is a mistake of the domain; the caller decides.
  public func dkimKey(selector: DNSName, domain: DNSName) async -> DNSResult<[[UInt8]]> {
    guard let name = selector.appending("_domainkey")?.appending(domain) else { return .none }
    return await text(of: name)
  }
}
