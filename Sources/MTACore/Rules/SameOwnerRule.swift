/// A client that logged in may send only from addresses of the same owner (R7), and from the null sender.
public struct SameOwnerRule: SenderRule, Hashable {
  public init() {}

  public func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    guard let login = conversation.login, sender != .null else { return nil }
    return login.owns(conversation.senderClient) ? nil : .notYourAddress
  }
}
