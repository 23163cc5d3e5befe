/// An operator's word about the clients of a network. It holds for new connections.
public struct ClientOrder: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Connections are refused.
    case prohibit
    /// Connections are counted, and the clients never locked out.
    case allow
    /// What was counted until then is forgotten, and lockouts end. It is not a lasting order: servers read it once.
    case forgive
  }

  public var network: Network
  public var kind: Kind
  /// For operators.
  public var reason: String
  /// The end of the order; nil if it lasts until it is removed.
  public var until: Timestamp?
  public var createdAt: Timestamp

  public init(_ kind: Kind, _ network: Network, reason: String = "", until: Timestamp? = nil, createdAt: Timestamp) {
    self.kind = kind
    self.network = network
    self.reason = reason
    self.until = until
    self.createdAt = createdAt
  }

  package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
}

/// All orders that hold, to look clients up in. A look-up takes a step for each length of network that occurs, not for each order.
package struct ClientOrders: Sendable {
  private var networks: [Network: ClientOrder] = [:]
  /// The lengths that occur, longest first.
  private var lengths4: [Int] = []
  private var lengths6: [Int] = []

  package init(_ orders: [ClientOrder] = []) {
    for order in orders where order.kind != .forgive { networks[order.network] = order }
    for network in networks.keys {
      switch network.address {
      case .v4: lengths4.append(network.prefixLength)
      case .v6: lengths6.append(network.prefixLength)
      }
    }
    lengths4 = Set(lengths4).sorted(by: >)
    lengths6 = Set(lengths6).sorted(by: >)
  }

  package var isEmpty: Bool { networks.isEmpty }

  /// The order of the smallest network that has this client, of those that hold now.
  package func order(for client: IPAddress, at now: Timestamp) -> ClientOrder? {
    if networks.isEmpty { return nil }
    let lengths = if case .v4 = client { lengths4 } else { lengths6 }
    for length in lengths {
      guard let network = Network(client, prefixLength: length), let order = networks[network] else { continue }
      if !order.isOver(at: now) { return order }
    }
    return nil
  }
}
