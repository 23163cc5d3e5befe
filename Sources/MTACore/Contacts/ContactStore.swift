/// The record of one client's address (R1).
public struct ContactRecord: Hashable, Sendable {
  public var key: ContactKey
  /// Connections so far.
  public var hits: Int
  /// Connections refused by a lockout.
  public var locks: Int
  /// Offences counted since the last accepted recipient or expired lockout.
  public var violations: Int
  /// When the lockout ends, or when the violations are forgotten.
  public var expiresAt: Timestamp?

  public init(_ key: ContactKey, hits: Int = 0, locks: Int = 0, violations: Int = 0, expiresAt: Timestamp? = nil) {
    self.key = key
    self.hits = hits
    self.locks = locks
    self.violations = violations
    self.expiresAt = expiresAt
  }
}

/// The key under which an address is counted: an IPv4 address, or the network of an IPv6 address, a /64 as a rule.
public struct ContactKey: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  /// What is counted as one client of IPv6, unless ``ContactPolicy/prefixLength`` says otherwise.
  public static let prefixLength = 64

  /// - Parameter prefixLength: of the network of an IPv6 address, 0 to 128.
  public init(_ address: IPAddress, prefixLength: Int = Self.prefixLength) {
    if case .v6 = address, let network = Network(address, prefixLength: min(max(prefixLength, 0), 128)) {
      description = network.description
    } else {
      description = address.description
    }
  }

  /// The key as a store returned it.
  public init(stored text: String) { description = text }

  /// The address, or the network of an IPv6 address; nil for a text that is no key.
  public var network: Network? { Network(description) }

  /// Whether it lies in a network, or is the network of IPv6 around a smaller one.
  public func isWithin(_ other: Network) -> Bool {
    guard let network else { return false }
    return network.prefixLength >= other.prefixLength
      ? other.contains(network.address) : network.contains(other.address)
  }
}

/// Keeps contacts over a restart.
public protocol ContactStore: Sendable {
  func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord?

  /// Keeps the record. The call does not wait: the store writes it with its next commit, within a second. A crash may lose the last
  /// second.
  func save(_ record: ContactRecord)

  /// What operators say about clients, those that are over left out. A server asks once a second at most, while clients come. Default:
  /// none.
  func clientOrders() async throws(StoreFailure) -> [ClientOrder]
}

extension ContactStore {
  public func clientOrders() async throws(StoreFailure) -> [ClientOrder] { [] }
}
