/// Whom a ``DNSResolver`` asks, and for how long.
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

    public init() {}
  }

  public init(servers: [DNSServer]) { self.servers = servers }
}
