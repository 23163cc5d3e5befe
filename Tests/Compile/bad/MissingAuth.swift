// error: type 'Hooks' does not conform to protocol 'ReceiverHooks'
// note: auth
import MTACore

struct Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}
