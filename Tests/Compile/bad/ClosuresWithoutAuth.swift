// error: missing argument for parameter 'auth' in call
import MTACore

let hooks = ClosureHooks(clientLookup: { _ in nil })
