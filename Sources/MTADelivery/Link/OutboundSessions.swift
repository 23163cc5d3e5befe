import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// Ids of connections to servers, in dialogues that somebody follows. They differ from those of receivers, over restarts, and between
/// processes.
enum OutboundSessions {
  private static let stem = SessionID.Stem(at: SystemClock().now, random: .random(in: .min ... .max))
  private static let last = NIOLockedValueBox<UInt64>(0)

  static func next() -> SessionID {
    let number = last.withLockedValue { last in
      last &+= 1
      return last
    }
    return SessionID(stem, number)
  }
}
