import MTACore
import MTASystem

extension Database {
  /// The networks that are kept for one account, the latest ones.
  private static let networksPerAccount: Int64 = 64

  func save(_ login: LoginRecord) throws(SQLiteFailure) {
    let account = SQLValue.text(login.account.description)
    try run(
      """
      INSERT INTO logins (account, network, last_login) VALUES (?1, ?2, ?3)
        ON CONFLICT (account, network) DO UPDATE SET last_login = max(last_login, ?3)
      """, [account, .text(login.network.description), .text(login.at.description)], at: "login.save")
    try run(
      """
      DELETE FROM logins WHERE account = ?1 AND id NOT IN
        (SELECT id FROM logins WHERE account = ?1 ORDER BY last_login DESC, id DESC LIMIT ?2)
      """, [account, .integer(Self.networksPerAccount)], at: "login.trim")
  }

  func lastLogin(to account: LoginAccount, from network: ContactKey) throws(SQLiteFailure) -> Timestamp? {
    try first(
      "SELECT last_login FROM logins WHERE account = ? AND network = ?",
      [.text(account.description), .text(network.description)], at: "login.find"
    ) { $0.text(0).flatMap { Timestamp($0) } } ?? nil
  }

  func hasOldLogins(before cutoff: Timestamp) throws(SQLiteFailure) -> Bool {
    try first("SELECT 1 FROM logins WHERE last_login < ? LIMIT 1", [.text(cutoff.description)], at: "login.find-old") {
      _ in true
    } ?? false
  }

  /// Removes up to `limit` such logins.
  /// - Returns: how many were removed.
  func removeOldLogins(before cutoff: Timestamp, limit: Int) throws(SQLiteFailure) -> Int {
    var count = 0
    try run(
      """
      DELETE FROM logins WHERE id IN (SELECT id FROM logins WHERE last_login < ? LIMIT ?) RETURNING id
      """, [.text(cutoff.description), .integer(Int64(limit))], at: "login.remove"
    ) { _ in count += 1 }
    return count
  }
}
