/// Answers questions to the DNS: `MTADNS.DNSResolver`, a literal zone in tests, or an adopter's own.
public protocol DNSLookup: Sendable {
  /// Asks for the records of `type` at `name`, and follows aliases. Does not throw, and answers in limited time.
  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer
}

/// The result of a look-up for one purpose: a `DNSAnswer` without the parts that the purpose does not need.
public enum DNSResult<Value: Sendable & Hashable>: Sendable, Hashable {
  case found(Value)
  /// The DNS says that there certainly is none.
  case none
  case failure(DNSFailure)
}

/// A host that takes mail for a domain.
public struct MailExchanger: Hashable, Sendable {
  public var preference: UInt16
  public var host: DNSName

  public init(preference: UInt16, host: DNSName) {
    self.preference = preference
    self.host = host
  }
}

/// The DNS's answer about where mail for a domain goes.
public enum MailRoute: Hashable, Sendable {
  /// The exchangers, lowest preference first. Without MX records this is the domain itself, with preference 0 (RFC 5321 §5.1).
  case exchangers([MailExchanger])
  /// The domain declares that it takes no mail (RFC 7505).
  case nullMX
  /// The domain does not exist, or has neither MX nor address.
  case noSuchDomain
  case failure(DNSFailure)
}

extension DNSLookup {
  /// The IPv4 and IPv6 addresses of a host, IPv4 first. ``DNSResult/none`` if it certainly has neither.
  public func addresses(of host: DNSName) async -> DNSResult<[IPAddress]> {
    switch await location(of: host) {
    case .found(let location): .found(location.addresses)
    case .none: .none
    case .failure(let reason): .failure(reason)
    }
  }

  /// Where mail for `domain` goes, by RFC 5321 §5.1 and RFC 7505.
  public func mailRoute(of domain: DNSName) async -> MailRoute { await vouchedMailRoute(of: domain).route }

  /// ``mailRoute(of:)``, and whether its answer was authenticated, so that the exchangers cannot be forged (RFC 7672 §2.2.1).
  package func vouchedMailRoute(of domain: DNSName) async -> (route: MailRoute, isAuthenticated: Bool) {
    let answer = await lookup(domain, .mx)
    if case .noSuchType = answer {
      // RFC 5321 §5.1: no MX at all: the address record of the domain is the implicit MX. Where that is authenticated, the
      // zone is signed, and so was the word that there is no MX.
      return switch await location(of: domain) {
      case .found(let location):
        (.exchangers([MailExchanger(preference: 0, host: domain)]), location.isAuthenticated)
      case .none: (.noSuchDomain, false)
      case .failure(let reason): (.failure(reason), false)
      }
    }
    if case .records(_, let authenticated) = answer { return (Self.exchangers(in: answer), authenticated) }
    return (Self.exchangers(in: answer), false)
  }

  private static func exchangers(in answer: DNSAnswer) -> MailRoute {
    switch answer {
    case .failure(let reason): return .failure(reason)
    case .noSuchName, .noSuchType: return .noSuchDomain
    case .records(let records, _):
      let all = records.compactMap { record -> MailExchanger? in
        guard case .mailExchanger(let preference, let exchange) = record.data else { return nil }
        return MailExchanger(preference: preference, host: exchange)
      }
      // RFC 7505 §3: a lone "." is the null MX; beside others it is to be ignored. Else any name may be an exchanger (RFC 2181 §11).
      let hosts = all.filter { !$0.host.isRoot }
      if hosts.isEmpty { return all.contains { $0.host.isRoot } ? .nullMX : .noSuchDomain }
      return .exchangers(hosts.sorted { ($0.preference, $0.host.description) < ($1.preference, $1.host.description) })
    }
  }

  /// Whether the DNS has the name that a client says in EHLO: with an address, or with mail exchangers. Nil if the DNS did not answer.
  public func knowsMailDomain(_ name: DNSName) async -> Bool? {
    switch await addresses(of: name) {
    case .found: return true
    case .failure: return nil
    case .none: break
    }
    return switch await lookup(name, .mx) {
    case .records: true
    case .noSuchName, .noSuchType: false
    case .failure: nil
    }
  }

  /// The TXT records of a name, each with its strings joined.
  public func text(of name: DNSName) async -> DNSResult<[[UInt8]]> {
    switch await lookup(name, .txt) {
    case .records(let records, _):
      let texts = records.compactMap { if case .text(let strings) = $0.data { strings.flatMap { $0 } } else { nil } }
      return texts.isEmpty ? .none : .found(texts)
    case .noSuchName, .noSuchType: return .none
    case .failure(let reason): return .failure(reason)
    }
  }

  /// The names of an address whose own look-up leads back to it. A PTR record alone is only a claim.
  public func reverse(of address: IPAddress) async -> DNSResult<[DNSName]> {
    switch await lookup(address.reverseName, .ptr) {
    case .failure(let reason): return .failure(reason)
    case .noSuchName, .noSuchType: return .none
    case .records(let records, _):
      var confirmed: [DNSName] = []
      for case .pointer(let name) in records.prefix(8).map(\.data) where !name.isRoot {
        if case .found(let addresses) = await addresses(of: name), addresses.contains(address) {
          confirmed.append(name)
        }
      }
      return confirmed.isEmpty ? .none : .found(confirmed)
    }
  }
}
