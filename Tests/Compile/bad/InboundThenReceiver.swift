// error: type 'Hooks' does not conform to protocol 'ReceiverHooks'
// note: auth
import MTACore

struct Hooks: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

extension Hooks: ReceiverHooks {}
