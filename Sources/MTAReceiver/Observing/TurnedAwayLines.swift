import MTACore
import NIOConcurrencyHelpers

/// Bounds the lines about connections that are one too many: a flood of them has one line a second, which counts the others.
final class TurnedAwayLines: Sendable {
  private let state = NIOLockedValueBox<(second: Int64?, missed: Int)>((nil, 0))

  /// - Returns: how many there were without a line since the last one; nil if this one has none either.
  func take(at now: Timestamp) -> Int? {
    state.withLockedValue { state in
      guard state.second != now.seconds else {
        state.missed += 1
        return nil
      }
      defer { state = (now.seconds, 0) }
      return state.missed
    }
  }
}
