import MTACore

/// Changed contacts, logins and counts of mails, the newest of each. They are written with the next commit; no caller waits for them.
struct Remarks: Sendable {
  struct Pair: Hashable {
    var account: LoginAccount
    var network: ContactKey
  }

  private(set) var contacts: [ContactKey: ContactRecord] = [:]
  private(set) var logins: [Pair: LoginRecord] = [:]

  private(set) var limits: [LimitKey: LimitRecord] = [:]

  var isEmpty: Bool { contacts.isEmpty && logins.isEmpty && limits.isEmpty }

  mutating func add(_ contact: ContactRecord) { contacts[contact.key] = contact }
  mutating func add(_ login: LoginRecord) { logins[Pair(account: login.account, network: login.network)] = login }

  mutating func add(_ limit: LimitRecord) { limits[limit.key] = limit }

  func lastLogin(to account: LoginAccount, from network: ContactKey) -> Timestamp? {
    logins[Pair(account: account, network: network)]?.at
  }

  /// Takes over records of which there is no newer state here.
  mutating func merge(older: Remarks) {
    contacts.merge(older.contacts) { newer, _ in newer }
    logins.merge(older.logins) { newer, _ in newer }
    limits.merge(older.limits) { newer, _ in newer }
  }
}

extension Database {
  func save(_ remarks: Remarks, at now: Timestamp) throws(SQLiteFailure) {
    for contact in remarks.contacts.values { try save(contact, at: now) }
    for login in remarks.logins.values { try save(login) }
    for limit in remarks.limits.values { try save(limit) }
  }
}
