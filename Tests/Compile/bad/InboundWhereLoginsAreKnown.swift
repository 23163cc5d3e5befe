// error: return expression of type 'Hooks' does not conform to 'ReceiverHooks'
import MTACore

struct Hooks: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

func makeHooks() -> any ReceiverHooks { Hooks() }
