/// Who logged in may send only in the name of addresses of the same owner (R7); the null sender stays free.
public struct SameOwnerRule: SenderRule, Hashable {
  public init() {}

  public func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    guard let login = conversation.login, sender != .null else { return nil }
    let client = conversation.senderClient
    // An empty key, as a table without owners gives, is nobody's: it must not make one owner of all.
    let same =
      if let owner = login.client.ownerID, !owner.isEmpty { client?.ownerID == owner } else {
        login.client.mailboxID?.isEmpty == false && client?.mailboxID == login.client.mailboxID
      }
    return same ? nil : .notYourAddress
  }
}
