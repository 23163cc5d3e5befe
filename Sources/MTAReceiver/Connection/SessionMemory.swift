import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// What all sessions together keep in memory of what arrives: envelopes, header sections, content that is not in a file yet.
///
/// One session keeps little, but there may be ten thousand. Beyond the limit nothing new is taken, and beyond a quarter more nothing at all.
package final class SessionMemory: Sendable {
  /// A session with less is not worth closing.
  static let worthwhile = 8192
  /// Changes below this are counted with the next one.
  private static let grain = 1024

  private let state: NIOLockedValueBox<(used: Int, limit: Int)>

  /// - Parameter limit: bytes; nil for none.
  package init(limit: Int? = nil) { state = NIOLockedValueBox((0, limit ?? .max)) }

  package var bytes: Int { state.withLockedValue { $0.used } }

  /// Another limit holds from now on.
  func renew(limit: Int) { state.withLockedValue { $0.limit = limit } }

  var room: MemoryRoom {
    let (bytes, limit) = state.withLockedValue { $0 }
    if bytes < limit { return .enough }
    return bytes - limit < limit / 4 ? .full : .exceeded
  }

  /// A session's part changes.
  ///
  /// - Returns: what is counted for it now.
  func change(from before: Int, to now: Int) -> Int {
    guard now == 0 ? before != 0 : abs(now - before) >= Self.grain else { return before }
    state.withLockedValue { $0.used += now - before }
    return now
  }
}

extension ConnectionPump {
  /// How long a session may say nothing, or little, while memory is short.
  private static let patience: Duration = .seconds(10)
  /// So many times the usual rate is asked of content then.
  private static let hurry = 10

  /// To be called when something was taken in or let go.
  func countMemory() {
    let now = gone ? 0 : session.memory + spoolBytes + inbound.readableBytes
    counted = environment.memory.change(from: counted, to: now)
  }

  /// While memory is short, who keeps much of it and sends little goes. Asked with each tick.
  ///
  /// - Parameters:
  ///   - progress: when it last said something that was of use.
  ///   - begin: when the content began that is arriving.
  func holdsTooMuch(since progress: Duration, contentSince begin: Duration?) -> Bool {
    guard counted >= SessionMemory.worthwhile, environment.memory.room != .enough else { return false }
    if loop.now - progress >= Self.patience { return true }
    guard let begin, loop.now - begin >= Self.patience else { return false }
    let seconds = max(1, (loop.now - begin).components.seconds)
    return Int64(session.contentBytes) / seconds < environment.timing.minimumContentRate * Self.hurry
  }
}
