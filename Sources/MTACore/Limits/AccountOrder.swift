/// An operator's word about a user, or about mail to a domain. A running server reads it within seconds.
package struct AccountOrder: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The user cannot log in, and begins no mail.
    case suspendUser = "suspend-user"
    /// Mail for the domain waits.
    case suspendDomain = "suspend-domain"
    /// What was counted of a ``LimitKey`` until then is forgotten. It is not a lasting order: servers read it once.
    case resetLimits = "reset-limits"
  }

  package var kind: Kind
  /// As ``LoginAccount``, ``Domain/canonical`` or ``LimitKey`` write it.
  package var name: String
  /// For operators.
  package var reason: String
  /// The end of the order; nil if it lasts until it is removed.
  package var until: Timestamp?
  package var createdAt: Timestamp

  package init(_ kind: Kind, _ name: String, reason: String = "", until: Timestamp? = nil, createdAt: Timestamp) {
    self.kind = kind
    self.name = name
    self.reason = reason
    self.until = until
    self.createdAt = createdAt
  }

  /// How the last message of a copy begins whose domain is suspended.
  package static let suspensionWords = "suspended: "

  package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
}

/// Keeps over a restart what was counted of users and clients, and what operators say about them. A store need not be one: then counts
/// are in memory alone, and nobody can be suspended.
package protocol LimitStore: Sendable {
  func limitRecord(_ key: LimitKey) async throws(StoreFailure) -> LimitRecord?

  /// Keeps the record. The call does not wait: the store writes it with its next commit, within a second. A crash may lose the last second.
  func save(_ record: LimitRecord)

  /// The orders that hold, and pardons of late. Asked once a second at most.
  func accountOrders() async throws(StoreFailure) -> [AccountOrder]

  // MARK: For operators

  /// One page of what is counted, in the order of the texts of its keys.
  func listLimits(after last: String?, limit: Int) async throws(StoreFailure) -> [LimitRecord]

  /// Takes the place of an earlier order of this kind and name.
  func save(_ order: AccountOrder) async throws(StoreFailure)

  /// - Returns: whether there was such an order.
  func removeOrder(_ kind: AccountOrder.Kind, _ name: String) async throws(StoreFailure) -> Bool

  /// Forgets what is counted of a key; nil: of all. A running server learns of it by ``AccountOrder/Kind/resetLimits``.
  ///
  /// - Returns: of how many keys anything was counted.
  func resetLimits(_ key: LimitKey?) async throws(StoreFailure) -> Int

  /// Makes copies for a domain due that wait because it was suspended.
  ///
  /// - Returns: how many.
  func resumeDeliveries(to domain: Domain) async throws(StoreFailure) -> Int
}
