public import MTACore

/// A route of the settings: the target, and what is special about it.
public struct DeliveryRoute: Hashable, Sendable {
  public var target: RouteTarget
  /// The login at the server; nil for none. They are sent only under TLS, unless ``tls`` is ``TLSDemand/none``.
  public var credentials: Credentials?
  /// The TLS that the server must offer. Nil with credentials: verified, whatever ``QueueRunner/Configuration/tlsPolicies`` say. Nil
  /// without them: as for any server.
  public var tls: TLSDemand?
  /// The addresses to connect from; nil: the runner's.
  public var sources: SourceAddresses?

  public init(
    _ target: RouteTarget, credentials: Credentials? = nil, tls: TLSDemand? = nil, sources: SourceAddresses? = nil
  ) {
    self.target = target
    self.credentials = credentials
    self.tls = tls
    self.sources = sources
  }
}

extension DeliveryRoute: CustomStringConvertible, CustomDebugStringConvertible {
  /// The route without its credentials, fit for logs.
  public var description: String {
    "\(target)" + (tls.map { ", tls \($0)" } ?? "") + (credentials == nil ? "" : ", with credentials")
  }
  public var debugDescription: String { description }
}

/// The addresses that connections are made from, by family; nil: the system's choice.
public struct SourceAddresses: Hashable, Sendable {
  public var v4: IPAddress?
  public var v6: IPAddress?

  /// The system's choice for both.
  public init() {}

  /// At most one of each family; returns nil for more.
  public init?(_ addresses: [IPAddress]) {
    for address in addresses {
      switch address {
      case .v4 where v4 == nil: v4 = address
      case .v6 where v6 == nil: v6 = address
      default: return nil
      }
    }
  }

  func source(for remote: IPAddress) -> IPAddress? { if case .v4 = remote { v4 } else { v6 } }
}
