// error: type 'StageVerdict' has no member 'forward'
import MTACore

struct Hooks {}

extension Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict {
    .forward([], keepingCopy: true)
  }
}
