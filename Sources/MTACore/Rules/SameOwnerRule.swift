/// Who logged in may send only in the name of addresses of the same owner (R7); the null sender stays free.
public struct SameOwnerRule: SenderRule, Hashable {
  public init() {}

  public func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    guard let login = conversation.login, sender != .null else { return nil }
    return login.owns(conversation.senderClient) ? nil : .notYourAddress
  }
}
