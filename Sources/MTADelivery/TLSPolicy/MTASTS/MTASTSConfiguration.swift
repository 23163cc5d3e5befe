/// How MTA-STS policies are found and kept (RFC 8461).
public struct MTASTSConfiguration: Hashable, Sendable {
  /// The file that keeps policies over a restart; nil: memory alone.
  public var cacheFile: String?
  /// The port of policy hosts. 443; others are for tests.
  public var port: UInt16 = 443
  /// The time to fetch a policy, look-ups included. Default 30 seconds; RFC 8461 §3.3 proposes a minute.
  public var timeLimit: Duration = .seconds(30)
  /// The pause after a failed fetch, before the next for the same record. Default 5 minutes, which is the least of RFC 8461 §3.3.
  public var retryPause: Duration = .seconds(300)
  /// After this time a policy is fetched anew while the old one still serves (RFC 8461 §10.2). Default one day.
  public var refreshInterval: Duration = .seconds(86_400)
  /// Domains whose policies are kept. Beyond that, those that end first are forgotten. Default 10,000.
  public var maximumDomains = 10_000

  public init(cacheFile: String? = nil) { self.cacheFile = cacheFile }
}
