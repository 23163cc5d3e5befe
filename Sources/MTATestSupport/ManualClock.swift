public import MTACore
import NIOConcurrencyHelpers

/// A clock that a test moves by hand. It starts at 2026-01-01T00:00:00Z. With a tick it also moves at each look, as a real clock does.
/// Use that for code that must not depend on two looks showing the same time.
public final class ManualClock: WallClock {
  private let time: NIOLockedValueBox<Timestamp>

  private let tick: Duration

  public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    time = NIOLockedValueBox(start)
    tick = .zero
  }

  /// - Parameter tick: how far the clock moves at each look.
  public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000), tick: Duration) {
    time = NIOLockedValueBox(start)
    self.tick = tick
  }

  public var now: Timestamp {
    time.withLockedValue { time in
      defer { time = time + tick }
      return time
    }
  }

  /// Moves the clock forward, or back for a negative duration.
  public func advance(by duration: Duration) { time.withLockedValue { $0 = $0 + duration } }
}
