public import MTACore
import NIOConcurrencyHelpers

/// A time of day that is turned by hand. Starts at 2026-01-01T00:00:00Z. One that ticks moves on at each look as well, as a real clock
/// does: for what must not depend on two looks showing the same time.
public final class ManualClock: WallClock {
  private let time: NIOLockedValueBox<Timestamp>

  private let tick: Duration

  public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
    time = NIOLockedValueBox(start)
    tick = .zero
  }

  /// - Parameter tick: how far it moves on at each look.
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

  /// Turns the clock on, or back for a negative duration.
  public func advance(by duration: Duration) { time.withLockedValue { $0 = $0 + duration } }
}
