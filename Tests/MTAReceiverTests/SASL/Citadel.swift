import MTACore
import MTAReceiver

/// Hooks that know every kind of proof: `user` with the password `pencil`, and the token `good-token`.
struct Citadel {
  var keys: SCRAMKeys?
  /// What `auth` does, if not what it should.
  var trouble: Trouble?
  struct Trouble: Error {}
}

extension Citadel: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }

  mutating func scramKeys(for user: String) async throws -> SCRAMKeys? {
    if let trouble { throw trouble }
    return user == "user" ? keys : nil
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    if let trouble { throw trouble }
    let isKnown =
      switch credentials.proof {
      case .password(let password): credentials.username == "user" && password == "pencil"
      case .verified: credentials.username == "user"
      case .bearerToken(let token): token == "good-token"
      }
    return isKnown ? ClientRecord(mailboxID: "user", ownerID: "user") : nil
  }
}
