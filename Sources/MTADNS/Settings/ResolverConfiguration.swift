public import MTATLS

/// The servers that a ``DNSResolver`` asks, and its time limits.
///
/// ```swift
/// var configuration = ResolverConfiguration.system()      // as /etc/resolv.conf says
/// configuration.servers = [DNSServer(.loopback4)]         // a validating resolver on this machine
/// configuration.trustsAuthenticatedData = true            // so that DANE can be used
/// configuration.cache.staleness = .seconds(86_400)        // better yesterday's answer than none
/// ```
public struct ResolverConfiguration: Hashable, Sendable {
  /// Asked in this order; servers that fail come last for a while. If the list is empty, every look-up fails as unreachable.
  public var servers: [DNSServer]
  /// How long the first round waits for one server. Each further round waits twice as long. Default 2 seconds.
  public var patience: Duration = .seconds(2)
  /// How many times each server is asked; at least once. Default 3.
  public var attempts = 3
  /// The longest time of a look-up, aliases included. Default 10 seconds.
  public var deadline: Duration = .seconds(10)
  /// Whether to trust the AD bit. Set it only if the servers validate DNSSEC and the way to them cannot be forged (RFC 6698 §A.3, RFC
  /// 7672 §2.1.1). A validating resolver on the loopback interface is such a case. Default false.
  public var trustsAuthenticatedData = false
  /// Questions at a time, each with a socket. A further one fails at once as timed out. Default 512.
  public var maximumConcurrentLookups = 512
  public var cache = Cache()
  public var streams = Streams()

  /// The limits of a ``DNSResolver``'s cache.
  public struct Cache: Hashable, Sendable {
    /// Default 10,000; zero keeps nothing.
    public var maximumEntries = 10_000
    /// Octets, estimated from names and data. Default 16 MiB.
    public var maximumSize = 16 << 20
    /// Longer TTLs are cut to this. Default one day.
    public var maximumTTL: Duration = .seconds(86_400)
    /// The same for "no such name" and "no such type" (RFC 2308 §5 allows three hours). Default 15 minutes, so a new domain is soon
    /// found.
    public var maximumNegativeTTL: Duration = .seconds(900)
    /// For how long after its TTL an answer is still given if no server has a newer one. RFC 8767 proposes one to three days. Default
    /// zero: never.
    ///
    /// A stale answer is given only after a look-up failed, with a TTL of 30 seconds. For that time the servers are left alone as well.
    /// Authenticated answers and TLSA records are never given stale: an attacker who blocks the DNS must not switch off DANE (RFC 7672
    /// §2.1).
    public var staleness: Duration = .zero

    public init() {}
  }

  /// How TCP and TLS connections to the servers are kept.
  public struct Streams: Hashable, Sendable {
    /// How long a connection is kept after its last answer. Default 10 seconds; zero closes each after one.
    public var idleTime: Duration = .seconds(10)
    /// Connections to one server at a time (RFC 7766 §6.2.2); further queries share them. Default 2.
    public var connectionsPerServer = 2
    /// The authorities for servers that are asked over TLS by name.
    public var trustRoots = TLSContext.TrustRoots.system

    public init() {}
  }

  public init(servers: [DNSServer]) { self.servers = servers }
}
