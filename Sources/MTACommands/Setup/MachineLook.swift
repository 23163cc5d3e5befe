import MTACore
import MTADNS
import MTADelivery
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What `setup` finds out about the machine and its place in the network. It asks resolvers, and a mail server only if that is the domain's
/// own or one that the operator names.
struct MachineLook {
  struct Finding: Encodable, Hashable {
    /// `ok`, `warning`, or `unknown` where it was not tried.
    var state: String
    var text: String
  }

  /// Of this machine, as it calls itself: perhaps no name of the DNS.
  static var hostName: DNSName? {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return nil }
    let octets = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    guard let host = DNSName(bytes: octets), host.isHostName else { return nil }
    return host
  }

  /// Addresses of this machine that others can reach, if no filter stands between: neither private nor loopback nor link-local.
  static var publicAddresses: [IPAddress] {
    let hidden = Network.noTargets + Network.privateNetworks
    var found: [IPAddress] = []
    for device in (try? System.enumerateDevices()) ?? [] {
      guard let text = device.address?.ipAddress, let address = IPAddress(text) else { continue }
      if !hidden.contains(where: { $0.contains(address) }), !found.contains(address) { found.append(address) }
    }
    return found
  }

  let domain: DNSName
  let host: DNSName
  /// Of the server, as others see it.
  let addresses: [IPAddress]
  let dns: any DNSLookup
  /// Another mail server, at which outbound port 25 is tried.
  var other: HostAndPort?

  func names() async -> [Finding] {
    var findings: [Finding] = []
    if addresses.isEmpty {
      findings.append(
        Finding(
          state: "warning",
          text: "this machine has no public address; behind a translator, say which one others see: --address ADDRESS"))
    }
    for address in addresses {
      switch await dns.reverse(of: address) {
      case .found(let names) where names.contains(host):
        findings.append(Finding(state: "ok", text: "the name of \(address) is \(host)"))
      case .found(let names):
        let shown = names.prefix(3).map(\.description).joined(separator: ", ")
        findings.append(
          Finding(state: "warning", text: "the name of \(address) is \(shown), and should be \(host) (PTR)"))
      case .none:
        findings.append(
          Finding(state: "warning", text: "\(address) has no name (PTR); many servers refuse mail from such an address")
        )
      case .failure: findings.append(Finding(state: "unknown", text: "the DNS did not tell the name of \(address)"))
      }
    }
    return findings
  }

  /// Whether this machine reaches mail servers of others.
  func outbound(timeLimit: Duration = .seconds(20)) async -> Finding {
    var target = other
    if target == nil, case .found(let exchangers) = await dns.mailExchangers(of: domain) {
      let theirs = exchangers.first { exchanger in
        !exchanger.addresses.isEmpty && !exchanger.addresses.contains(where: addresses.contains)
      }
      target = theirs.flatMap { HostAndPort("\($0.exchanger.host):25") }
    }
    guard let target else {
      return Finding(
        state: "unknown",
        text: "whether port 25 of other servers can be reached was not tried; name a server of yours: --probe HOST:25")
    }
    let group = MultiThreadedEventLoopGroup.singleton
    let finding = await ServerProbe(dns: dns, group: group, timeLimit: timeLimit)
      .probe(host: target.host.description, port: Int(target.port))
    switch finding {
    case .greeting(_, let address):
      return Finding(
        state: "ok", text: "\(target) [\(address)] answers, so port \(target.port) of other servers can be reached")
    case .failure(let failure):
      return Finding(
        state: "warning",
        text: "\(target) does not answer (\(failure)); many providers block port 25 until they are asked")
    }
  }

  /// Whether resolvers check DNSSEC, so that DANE can be used, and can be trusted with it.
  static func security(of configuration: ResolverConfiguration) async -> (finding: Finding, isTrusted: Bool) {
    var asking = configuration
    let isNear = configuration.servers.allSatisfy { server in
      Network.loopback.contains { $0.contains(server.address) }
    }
    let mayTrust = configuration.trustsAuthenticatedData || isNear && !configuration.servers.isEmpty
    asking.trustsAuthenticatedData = true
    asking.deadline = .seconds(10)
    let resolver = DNSResolver(configuration: asking, group: MultiThreadedEventLoopGroup.singleton)
    defer { resolver.shutdown() }
    switch await resolver.lookup(.root, .soa) {
    case .records(_, authenticated: true) where mayTrust:
      return (Finding(state: "ok", text: "the resolver checks DNSSEC, so DANE is used (trustResolvers)"), true)
    case .records(_, authenticated: true):
      return (
        Finding(
          state: "warning",
          text:
            "the resolver checks DNSSEC, but the way to it is not safe; with one on this machine (unbound) DANE can be used"
        ),
        false
      )
    case .failure:
      return (Finding(state: "warning", text: "the resolver does not answer; mail cannot be sent without one"), false)
    default:
      return (
        Finding(
          state: "warning",
          text: "the resolver does not check DNSSEC, so DANE is not used; one on this machine (unbound) would"), false
      )
    }
  }
}
