/// Knows which owners of leases live.
///
/// A wrong `false` of ``isAlive(_:)`` delivers mail twice. A wrong `true` keeps mail from being delivered.
public protocol LeaseRegistry: Sendable {
  /// Makes a new owner. It lives until it leaves, or until its process ends in whatever way. It may block for a file call.
  ///
  /// - Throws: when others could not see that it lives. Then it must lease nothing.
  func enter() throws(StoreFailure) -> LeaseOwner

  /// The owner has given up all its leases: it no longer lives. Called once for each, except by a run whose deliveries do not end.
  func leave(_ owner: LeaseOwner)

  /// Whether the owner lives; true if this cannot be found out. It may block for a file call.
  func isAlive(_ owner: LeaseOwner) -> Bool
}
