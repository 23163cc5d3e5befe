// error: type 'Hooks' does not conform to protocol 'InboundHooks'
// note: clientLookup
import MTACore

struct Hooks {}

extension Hooks: InboundHooks {}
