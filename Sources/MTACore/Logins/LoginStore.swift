/// A login that succeeded: what makes a network one that the account's user comes from.
public struct LoginRecord: Hashable, Sendable {
  public var account: LoginAccount
  public var network: ContactKey
  /// The latest.
  public var at: Timestamp

  public init(_ account: LoginAccount, from network: ContactKey, at time: Timestamp) {
    self.account = account
    self.network = network
    at = time
  }
}

/// Where it survives a restart which networks an account's user comes from.
public protocol LoginStore: Sendable {
  /// When somebody last logged in to the account from there; nil for never, or too long ago to be kept.
  func lastLogin(to account: LoginAccount, from network: ContactKey) async throws(StoreFailure) -> Timestamp?

  /// Keeps the record. Nobody waits: it rides the store's next commit, as contacts do. A store keeps some dozens of networks
  /// an account at least, the latest, each for 30 days.
  func save(_ login: LoginRecord)
}
