import MTACore
import NIOCore

/// How long content may take.
extension ConnectionPump {
  /// Content has a time limit as a whole, whether it is kept or, as that of a refused BDAT, only read away.
  func limitContent() {
    if session.isBetweenMessages {
      contentDeadline = nil
    } else if contentDeadline == nil, session.readsContent {
      contentDeadline = loop.now + environment.timing.content
    }
  }

  /// A client that drips holds a spool and a connection for little: it is held to a rate, after a minute for slow starts.
  func contentIsTooSlow(_ contentDeadline: Duration) -> Bool {
    let seconds = (environment.timing.content - (contentDeadline - loop.now)).components.seconds
    return seconds >= 60 && Int64(session.contentBytes) / seconds < environment.timing.minimumContentRate
  }

  /// Bytes of memory that hold what was received and not yet read.
  package var inboundCapacity: Int { inbound.storageCapacity }
}
