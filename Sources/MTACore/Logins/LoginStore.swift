/// A successful login. It makes its network known to the account.
public struct LoginRecord: Hashable, Sendable {
  public var account: LoginAccount
  public var network: ContactKey
  /// The time of the latest login.
  public var at: Timestamp

  public init(_ account: LoginAccount, from network: ContactKey, at time: Timestamp) {
    self.account = account
    self.network = network
    at = time
  }
}

/// Keeps an account's known networks over a restart.
public protocol LoginStore: Sendable {
  /// The last login to the account from this network. Nil for never, or longer ago than the store keeps.
  func lastLogin(to account: LoginAccount, from network: ContactKey) async throws(StoreFailure) -> Timestamp?

  /// Keeps the record. The call does not wait: the store writes it with its next commit, as contacts. A store keeps at least some
  /// dozens of networks for an account, the latest ones, each for 30 days.
  func save(_ login: LoginRecord)
}
