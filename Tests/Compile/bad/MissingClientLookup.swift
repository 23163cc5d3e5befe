// error: type 'Hooks' does not conform to protocol 'ReceiverHooks'
// note: clientLookup
import MTACore

struct Hooks: ReceiverHooks {
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}
