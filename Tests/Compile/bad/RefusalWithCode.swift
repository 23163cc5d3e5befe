// error: 'refuse' is unavailable: the engine says the code and the class: write .refuse("text"), or .refuse("text", EnhancedStatus(7, 1)) for 5.7.1
import MTACore

struct Hooks {}

extension Hooks: ReceiverPolicy {
  func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    .refuse(550, "5.7.1", "not for you")
  }
}
