public import MTACore
import NIOConcurrencyHelpers

/// A time of day that is turned by hand. Starts at 2026-01-01T00:00:00Z.
public final class ManualClock: WallClock {
  private let time: NIOLockedValueBox<Timestamp>

  public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { time = NIOLockedValueBox(start) }

  public var now: Timestamp { time.withLockedValue { $0 } }

  /// Turns the clock on, or back for a negative duration.
  public func advance(by duration: Duration) { time.withLockedValue { $0 = $0 + duration } }
}
