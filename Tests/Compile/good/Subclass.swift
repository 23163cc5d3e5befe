import MTACore

final class Hooks: BaseReceiverHooks, ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  override func message(_ conversation: inout Conversation) async throws -> MessageVerdict { .discard }
}
