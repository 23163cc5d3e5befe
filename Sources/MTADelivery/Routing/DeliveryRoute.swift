public import MTACore

/// A route as the settings give it: where to, and what is particular about the way.
public struct DeliveryRoute: Hashable, Sendable {
  public var target: RouteTarget
  /// For the server; nil for none. They are said only under TLS, unless ``tls`` is ``TLSDemand/none``.
  public var credentials: Credentials?
  /// What TLS the server must offer; nil: with credentials verified, whatever ``QueueRunner/Configuration/tlsPolicies`` say, else
  /// as for any server.
  public var tls: TLSDemand?
  /// The addresses to connect from; nil: those of the runner.
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
  /// Without the credentials: fit for logs.
  public var description: String {
    "\(target)" + (tls.map { ", tls \($0)" } ?? "") + (credentials == nil ? "" : ", with credentials")
  }
  public var debugDescription: String { description }
}

/// The addresses that connections leave from, by family; nil: the system's choice.
public struct SourceAddresses: Hashable, Sendable {
  public var v4: IPAddress?
  public var v6: IPAddress?

  /// The system's choice for both.
  public init() {}

  /// At most one of each family; nil for more.
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
