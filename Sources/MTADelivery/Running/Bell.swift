import NIOConcurrencyHelpers

/// Wakes a run's loop, from wherever something happens that it has to see to. What rings while the loop is busy is kept, once a kind.
struct Bell: Sendable {
  enum Ring: Hashable, Sendable {
    /// The queue may have something, or there is room for it: an arrival, a due time, a worker that is done.
    case queue
    /// Leases are to be looked after.
    case leases
  }

  private let rung = NIOLockedValueBox<Set<Ring>>([])
  private let continuation: AsyncStream<Void>.Continuation
  /// For the loop alone.
  let strokes: AsyncStream<Void>

  init() { (strokes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func ring(_ ring: Ring = .queue) {
    rung.withLockedValue { _ = $0.insert(ring) }
    continuation.yield()
  }

  /// What has rung since it was last asked.
  func taken() -> Set<Ring> {
    rung.withLockedValue { rung in
      defer { rung = [] }
      return rung
    }
  }
}
