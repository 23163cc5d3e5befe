import MTACore

/// What is remembered of clients, and rides the next commit: the newest of each. Nobody waits for it.
struct Remarks: Sendable {
  struct Pair: Hashable {
    var account: LoginAccount
    var network: ContactKey
  }

  private(set) var contacts: [ContactKey: ContactRecord] = [:]
  private(set) var logins: [Pair: LoginRecord] = [:]

  var isEmpty: Bool { contacts.isEmpty && logins.isEmpty }

  mutating func add(_ contact: ContactRecord) { contacts[contact.key] = contact }
  mutating func add(_ login: LoginRecord) { logins[Pair(account: login.account, network: login.network)] = login }

  func lastLogin(to account: LoginAccount, from network: ContactKey) -> Timestamp? {
    logins[Pair(account: account, network: network)]?.at
  }

  /// Takes over what is not known in a newer state.
  mutating func merge(older: Remarks) {
    contacts.merge(older.contacts) { newer, _ in newer }
    logins.merge(older.logins) { newer, _ in newer }
  }
}

extension Database {
  func save(_ remarks: Remarks, at now: Timestamp) throws(SQLiteFailure) {
    for contact in remarks.contacts.values { try save(contact, at: now) }
    for login in remarks.logins.values { try save(login) }
  }
}
