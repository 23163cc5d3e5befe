/// What is remembered of one remote address (R1).
public struct ContactRecord: Hashable, Sendable {
  public var key: ContactKey
  /// Connections so far.
  public var hits: Int
  /// Connections refused by a lockout.
  public var locks: Int
  /// Offences counted since the last accepted recipient or expired lockout.
  public var violations: Int
  /// When the lockout, or the memory of violations, ends.
  public var expiresAt: Timestamp?

  public init(_ key: ContactKey, hits: Int = 0, locks: Int = 0, violations: Int = 0, expiresAt: Timestamp? = nil) {
    self.key = key
    self.hits = hits
    self.locks = locks
    self.violations = violations
    self.expiresAt = expiresAt
  }
}

/// The identity under which a remote address is counted: an IPv4 address, or the /64 network of an IPv6 address.
public struct ContactKey: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ address: IPAddress) {
    switch address {
    case .v4: description = address.description
    case .v6(let high, _): description = IPAddress.v6(high: high, low: 0).description + "/64"
    }
  }

  /// As read back from a store.
  public init(stored text: String) { description = text }
}

/// Where contacts survive a restart.
public protocol ContactStore: Sendable {
  func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord?

  /// Keeps the record. Nobody waits: it rides the store's next commit, within a second, and losing the last second
  /// in a crash is allowed.
  func save(_ record: ContactRecord)
}
