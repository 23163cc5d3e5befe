/// A clock that never jumps, for deadlines and the age of answers. Tests move one by hand.
public protocol MonotonicClock: Sendable {
  /// The time since some fixed instant.
  var now: Duration { get }
}

/// The machine's clock. It also runs while the machine sleeps.
public struct SystemMonotonicClock: MonotonicClock {
  private let origin = ContinuousClock.now

  public init() {}

  public var now: Duration { ContinuousClock.now - origin }
}
