public import MTATLS

/// Whom a ``DNSResolver`` asks, and for how long.
///
/// ```swift
/// var configuration = ResolverConfiguration.system()      // as /etc/resolv.conf says
/// configuration.servers = [DNSServer(.loopback4)]         // a validating resolver on this machine
/// configuration.trustsAuthenticatedData = true            // so that DANE can be used
/// configuration.cache.staleness = .seconds(86_400)        // better yesterday's answer than none
/// ```
public struct ResolverConfiguration: Hashable, Sendable {
  /// Asked in this order; those that fail come last for a while. None: every look-up fails as unreachable.
  public var servers: [DNSServer]
  /// How long the first round waits for one server; each round after it waits twice as long. 2 seconds.
  public var patience: Duration = .seconds(2)
  /// How many times each server is asked, at least once. 3.
  public var attempts = 3
  /// How long a look-up takes at most, aliases and all. 10 seconds.
  public var deadline: Duration = .seconds(10)
  /// Whether to believe the AD bit: only right when the servers validate DNSSEC and nobody can forge what passes between
  /// them and this host (RFC 6698 §A.3, RFC 7672 §2.1.1), as with a validating resolver on the loopback interface. False.
  public var trustsAuthenticatedData = false
  /// How many questions may be asked at one time, each with a socket; one more fails at once as timed out. 512.
  public var maximumConcurrentLookups = 512
  public var cache = Cache()
  public var streams = Streams()

  /// The bounds of what a ``DNSResolver`` remembers.
  public struct Cache: Hashable, Sendable {
    /// 10,000; zero keeps nothing.
    public var maximumEntries = 10_000
    /// In octets, as reckoned from names and data. 16 MiB.
    public var maximumSize = 16 << 20
    /// Longer TTLs are cut to this. One day.
    public var maximumTTL: Duration = .seconds(86_400)
    /// The same for "no such name" and "no such type" (RFC 2308 §5 allows three hours). 15 minutes, so that a domain
    /// that was set up a moment ago is soon seen.
    public var maximumNegativeTTL: Duration = .seconds(900)
    /// For how long after its TTL an answer is still given when no server has a newer one (RFC 8767, which proposes one to three
    /// days). Zero, the default: never.
    ///
    /// A stale answer comes only when a look-up failed, never before, with a TTL of 30 seconds, for which the servers are left
    /// alone as well. What was authenticated is never given stale, and neither are TLSA records: whoever blocks the
    /// DNS must not thereby undo DANE (RFC 7672 §2.1).
    public var staleness: Duration = .zero

    public init() {}
  }

  /// How TCP and TLS connections to the servers are kept.
  public struct Streams: Hashable, Sendable {
    /// How long a connection is kept after its last answer. 10 seconds; zero closes each after one.
    public var idleTime: Duration = .seconds(10)
    /// How many there are at one time to one server (RFC 7766 §6.2.2); further queries share them. 2.
    public var connectionsPerServer = 2
    /// Who may vouch for a server that is asked over TLS by its name.
    public var trustRoots = TLSContext.TrustRoots.system

    public init() {}
  }

  public init(servers: [DNSServer]) { self.servers = servers }
}
