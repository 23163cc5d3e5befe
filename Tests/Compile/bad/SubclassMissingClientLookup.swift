// error: type 'Hooks' does not conform to protocol 'ReceiverHooks'
// note: clientLookup
import MTACore

final class Hooks: BaseReceiverHooks, ReceiverHooks {
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}
