import MTACore

/// What a run has taken from the queue and not yet given back, and how it fares. Workers ask it under a lock, from whatever thread
/// they run on: a step to an actor and back for each question would cost more than the answers.
struct WorkInHand: Sendable {
  var lanes: Lanes
  /// What is ours in the queue.
  var leased: Set<ParcelID> = []
  /// The last claim took as much as it might: there may be more.
  var isBacklogged = false
  private(set) var summary = RunSummary()

  init(_ lanes: Lanes) { self.lanes = lanes }

  mutating func recorded(_ results: [ParcelResult]) {
    for result in results {
      leased.remove(result.parcel)
      switch result.outcome {
      case .delivered: summary.delivered += 1
      case .deferred: summary.deferred += 1
      case .failed: summary.failed += 1
      case .held: summary.held += 1
      }
    }
  }
}
