import Logging
import MTASystem

/// A master that stands still is copied into another program.
extension Master {
  /// Who serves.
  struct State: Sendable {
    /// The last that was started.
    var generation: Int
    var queue: Child?
    var receivers: [Int: Child]
    var finishing: [Child]
    var lock: OwnedDescriptor?
  }

  /// - Returns: nil while a generation begins, and at the end.
  nonisolated func standStill() async -> State? {
    await withCheckedContinuation { continuation in ring.yield(.standStill { continuation.resume(returning: $0) }) }
  }

  nonisolated func goOn() async { ring.yield(.goOn) }

  func standStill(_ reply: @Sendable (State?) -> Void) {
    guard let generation, next == nil, !isStopping else { return reply(nil) }
    held = []
    reply(
      State(
        generation: generation.number, queue: queue, receivers: receivers,
        finishing: finishing + [web].compactMap { $0 }, lock: lock))
  }

  func goOn() {
    let events = held ?? []
    held = nil
    for event in events { take(event) }
  }

  /// Those that the program before this one started serve on, and are watched.
  func inherit(_ state: State, _ first: Generation) {
    (queue, receivers, finishing, lock) = (state.queue, state.receivers, state.finishing, state.lock)
    (isQueueReady, isUpgrade) = (queue != nil, true)
    // Who ends before the first generation serves is replaced by one of it.
    generation = first
    for child in children {
      child.watch { [ring] in ring.yield(.news(child, $0)) }
      // What it said last may have been lost with the program before.
      if !finishing.contains(where: { $0 === child }) { child.tell(.serve) }
    }
    started()
  }
}

extension Master.Event {
  var endsStandstill: Bool { if case .goOn = self { true } else { false } }
}
