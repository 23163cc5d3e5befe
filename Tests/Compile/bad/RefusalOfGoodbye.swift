// error: unexpected non-void return value in void function
import MTACore

struct Hooks {}

extension Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func quit(_ conversation: inout Conversation) async throws { return StageVerdict.refuse("stay") }
}
