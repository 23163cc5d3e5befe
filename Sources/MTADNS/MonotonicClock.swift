/// A clock that never jumps: it serves deadlines and the age of what is kept. Tests turn one by hand.
public protocol MonotonicClock: Sendable {
  /// The time since some fixed instant.
  var now: Duration { get }
}

/// The machine's clock, which goes on while it sleeps.
public struct SystemMonotonicClock: MonotonicClock {
  private let origin = ContinuousClock.now

  public init() {}

  public var now: Duration { ContinuousClock.now - origin }
}
