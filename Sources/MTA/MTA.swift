// The one import of a mail server: `import MTA`. The modules stay products of their own for programs that need one of them. Beside them
// stands what hooks, agents and parts are written with: loggers, and `ByteBuffer`.

@_exported public import Logging
@_exported public import MTACore
@_exported public import MTADKIM
@_exported public import MTADNS
@_exported public import MTADelivery
@_exported public import MTAReceiver
@_exported public import MTAServer
@_exported public import MTAStore
@_exported public import MTASystem
@_exported public import MTATLS
@_exported public import struct NIOCore.ByteBuffer
