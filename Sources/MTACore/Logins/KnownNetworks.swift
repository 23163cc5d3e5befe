/// The logins of late, in front of the store that keeps them.
package struct KnownNetworks: Sendable {
  private struct Pair: Hashable {
    var account: LoginAccount
    var network: ContactKey
  }

  private struct Latest: WeighedRecord {
    var login = Timestamp(milliseconds: 0)
    var saved: Timestamp?

    func worth(at now: Timestamp) -> Int64? { max(login.milliseconds, 1) }
  }

  private var logins: BoundedTable<Pair, Latest>

  package init(capacity: Int = 50_000) { logins = BoundedTable(capacity: capacity) }

  package func lastLogin(to account: LoginAccount, from network: ContactKey) -> Timestamp? {
    logins.record(of: Pair(account: account, network: network))?.login
  }

  /// As the store has it.
  package mutating func remember(_ record: LoginRecord) {
    logins.change(Pair(account: record.account, network: record.network), at: record.at) {
      $0.login = max($0.login, record.at)
      $0.saved = $0.login
    }
  }

  /// Takes note of a login; true when the store should, too: a network's latest login is kept to the hour.
  package mutating func isNews(_ record: LoginRecord) -> Bool {
    logins.change(Pair(account: record.account, network: record.network), at: record.at) { latest in
      latest.login = record.at
      if let saved = latest.saved, saved <= record.at, saved + .seconds(3600) > record.at { return false }
      latest.saved = record.at
      return true
    }
  }
}
