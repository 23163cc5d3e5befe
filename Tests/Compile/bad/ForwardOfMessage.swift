// error: type 'MessageVerdict' has no member 'forward'
import MTACore

struct Hooks {}

extension Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func message(_ conversation: inout Conversation) async throws -> MessageVerdict { .forward([], keepingCopy: true) }
}
