// error: cannot assign to property: 'login' setter is inaccessible
import MTACore

struct Hooks {}

extension Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func ehlo(_ domain: Domain?, _ conversation: inout Conversation) async throws -> StageVerdict {
    conversation.login = nil
    return .proceed
  }
}
