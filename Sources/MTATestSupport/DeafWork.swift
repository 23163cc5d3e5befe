import NIOConcurrencyHelpers

/// Work that keeps a processor busy, and ignores cancellation until it is let go.
///
/// ```
/// let deaf = DeafWork()
/// defer { deaf.letGo() }
/// ```
package final class DeafWork: Sendable {
  private let isOver = NIOLockedValueBox(false)
  private let (begun, begins) = AsyncStream.makeStream(of: Void.self)

  package init() {}

  /// Keeps its thread busy until ``letGo()``, and at most 20 minutes.
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
