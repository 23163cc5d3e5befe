import MTACore

let hooks = ClosureHooks(clientLookup: { _ in nil }, auth: { _, _ in nil })
let makeHooks: @Sendable () -> any ReceiverHooks = { hooks }
