// error: cannot use mutating member on immutable value: 'recipients' setter is inaccessible
import MTACore

struct Hooks {}

extension Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    conversation.recipients.append(EnvelopeRecipient(recipient))
    return .proceed
  }
}
