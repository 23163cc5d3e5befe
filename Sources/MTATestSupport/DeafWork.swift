import NIOConcurrencyHelpers

/// Work that takes a processor and heeds no cancellation until it is let go.
///
/// ```swift
/// let deaf = DeafWork()
/// defer { deaf.letGo() }
/// ```
package final class DeafWork: Sendable {
  private let isOver = NIOLockedValueBox(false)
  private let (begun, begins) = AsyncStream.makeStream(of: Void.self)

  package init() {}

  /// Keeps its thread until ``letGo()``; 20 minutes at most, should a test forget it.
  package func work() {
    begins.yield()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(1200)
    while !isOver.withLockedValue(\.self), clock.now < end {}
  }

  /// Returns when ``work()`` has begun, once for each time.
  package func hasBegun() async {
    for await _ in begun { break }
  }

  package func letGo() { isOver.withLockedValue { $0 = true } }
}
