public import MTACore

/// What would become of mail for a domain: the hosts in order, and under which TLS policy each would get it.
public struct DeliveryPlan: Hashable, Sendable {
  public struct Host: Hashable, Sendable {
    /// `mx.example.org:25`, or the path of a socket.
    public var name: String
    /// Of an exchanger.
    public var preference: UInt16?
    /// In the order in which they are tried.
    public var addresses: [IPAddress] = []
    /// The policy, and why; nil when it came not so far.
    public var policy: TLSPolicy?
    /// Why the host would get no mail; nil when it would.
    public var obstacle: String?
  }

  public var domain: Domain
  /// ``Router/Route/key``; nil when there is no route.
  public var destination: String?
  /// The setting of the route, without credentials; nil when the DNS alone says the way.
  public var setting: String?
  /// The exchangers are authenticated (DNSSEC), or named by the settings.
  public var isAuthenticated = false
  public var hosts: [Host] = []
  /// Why there is no route; nil when there is one.
  public var obstacle: String?
  /// Mail would fail at once; otherwise an ``obstacle`` makes it wait.
  public var isFailure = false

  init(_ domain: Domain) { self.domain = domain }
}
