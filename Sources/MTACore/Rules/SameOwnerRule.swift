/// Who logged in may send only in the name of addresses of the same owner (R7); the null sender stays free.
public struct SameOwnerRule: SenderRule, Hashable {
  public init() {}

  public func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    guard let login = conversation.login, sender != .null else { return nil }
    let client = conversation.senderClient
    let same =
      if let owner = login.client.ownerID { client?.ownerID == owner } else {
        login.client.mailboxID != nil && client?.mailboxID == login.client.mailboxID
      }
    return same ? nil : Reply(550, .policy, "the sender does not belong to the user who logged in")
  }
}
