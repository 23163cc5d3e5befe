public import MTACore

/// What would happen to mail for a domain: the hosts in order, each with its TLS policy.
public struct DeliveryPlan: Hashable, Sendable {
  public struct Host: Hashable, Sendable {
    /// `mx.example.org:25`, or the path of a socket.
    public var name: String
    /// The preference of an exchanger.
    public var preference: UInt16?
    /// The addresses, in the order in which they are tried.
    public var addresses: [IPAddress] = []
    /// The policy, and its reason. Nil when the plan ended before it was known.
    public var policy: TLSPolicy?
    /// Why the host would get no mail; nil if it would get it.
    public var obstacle: String?
  }

  public var domain: Domain
  /// ``Router/Route/key``; nil without a route.
  public var destination: String?
  /// The setting of the route, without credentials; nil when the DNS alone decides.
  public var setting: String?
  /// The exchangers are authenticated (DNSSEC), or named by the settings.
  public var isAuthenticated = false
  public var hosts: [Host] = []
  /// Why there is no route; nil if there is one.
  public var obstacle: String?
  /// Mail would fail at once. If false, an ``obstacle`` makes it wait.
  public var isFailure = false

  init(_ domain: Domain) { self.domain = domain }
}
