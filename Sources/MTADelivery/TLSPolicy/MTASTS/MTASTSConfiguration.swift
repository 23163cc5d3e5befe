/// How MTA-STS policies are found and kept (RFC 8461).
public struct MTASTSConfiguration: Hashable, Sendable {
  /// The file that keeps policies over a restart; nil: they are kept in memory alone.
  public var cacheFile: String?
  /// The port of policy hosts. 443; others are for tests.
  public var port: UInt16 = 443
  /// How long a policy may take to come, look-ups and all; RFC 8461 §3.3 proposes a minute. 30 seconds.
  public var timeLimit: Duration = .seconds(30)
  /// How long after a fetch that failed the next one for the same record is made (RFC 8461 §3.3: 5 minutes at least). 5 minutes.
  public var retryPause: Duration = .seconds(300)
  /// After this time a policy is fetched anew while the old one serves (RFC 8461 §10.2). One day.
  public var refreshInterval: Duration = .seconds(86_400)
  /// Domains whose policies are kept; of more, those that end first are forgotten. 10,000.
  public var maximumDomains = 10_000

  public init(cacheFile: String? = nil) { self.cacheFile = cacheFile }
}
