import NIOConcurrencyHelpers

/// Wakes a run's loop when there is something to do. A stroke that comes while the loop is busy is kept, one of each kind.
struct Bell: Sendable {
  enum Ring: Hashable, Sendable {
    /// The queue may have mail, or there is room for it: an arrival, a due time, a worker that has ended.
    case queue
    /// It is time to check leases.
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

  /// The strokes since the last call.
  func taken() -> Set<Ring> {
    rung.withLockedValue { rung in
      defer { rung = [] }
      return rung
    }
  }
}
