/// A built-in check of MAIL's sender. Rules are small values: an adopter can drop, reorder or replace them.
public protocol SenderRule: Sendable {
  /// The refusal, or nil to let pass. `conversation.senderClient` has the answer of `clientLookup` for the sender.
  func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply?
}

/// A built-in check of a recipient.
public protocol RecipientRule: Sendable {
  /// The refusal, or nil to let pass. `client` is the answer of `clientLookup` for the recipient.
  func refusal(of recipient: Mailbox, client: ClientRecord?, in conversation: Conversation) -> Reply?
}
