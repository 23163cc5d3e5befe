import MTACore

/// Decides which destination gets a worker, and which worker stays.
extension Lanes {
  /// The destinations that get a worker now, one entry for each worker; they count as having it. Among destinations with equally many
  /// workers, the one that has waited longest comes first.
  mutating func hire(at now: Timestamp) -> [Destination] {
    guard workers < policy.workers else { return [] }
    var unproven = lanes.reduce(0) { $0 + (Self.isTrusted($1.key, $1.value) ? 0 : $1.value.workers) }
    func isTooUnproven(_ workers: Int) -> Bool {
      unproven >= (workers == 0 ? policy.unprovenWorkers : policy.unprovenFurtherWorkers)
    }
    var wanting = lanes.filter { wantsWorker($0, $1, at: now) }.map {
      (destination: $0, workers: $1.workers, since: $1.waitsSince, isTrusted: Self.isTrusted($0, $1))
    }
    var hired: [Destination] = []
    // First one each, then more where much waits.
    while !wanting.isEmpty {
      wanting.sort { ($0.workers, $0.since) < ($1.workers, $1.since) }
      for (destination, its, _, isTrusted) in wanting where isTrusted || !isTooUnproven(its) {
        guard workers < policy.workers else { return hired }
        lanes[destination]?.called(at: now)
        workers += 1
        if !isTrusted { unproven += 1 }
        hired.append(destination)
      }
      wanting = wanting.compactMap { destination, _, since, isTrusted in
        guard let lane = lanes[destination], isTrusted || !isTooUnproven(lane.workers),
          wantsWorker(destination, lane, at: now)
        else {
          return nil
        }
        return (destination, lane.workers, since, isTrusted)
      }
    }
    return hired
  }

  private static func isTrusted(_ destination: Destination, _ lane: Lane) -> Bool {
    if destination == .local || destination == .nowhere { return true }
    if case .proven = lane.standing { return true }
    return false
  }

  /// Whether another worker would find work there.
  func wantsWorker(_ destination: Destination, at now: Timestamp) -> Bool {
    workers < policy.workers && lanes[destination].map { wantsWorker(destination, $0, at: now) } ?? false
  }

  /// Whether the destination has no worker, and gets none before its next start.
  func waitsForItsTime(_ destination: Destination, at now: Timestamp) -> Bool {
    guard let lane = lanes[destination], lane.workers == 0, let next = lane.nextStart else { return false }
    return next > now
  }

  /// A further connection is useful only for several mails, or if the present workers are delayed.
  private func wantsWorker(_ destination: Destination, _ lane: Lane, at now: Timestamp) -> Bool {
    guard lane.workers < lane.window.size else { return false }
    // For the search for a domain's servers one is enough.
    if case .domain = destination { return lane.workers == 0 && !lane.isEmpty }
    guard lane.count > lane.workers * policy.jobsPerWorker || lane.needsHelp(at: now) else { return false }
    guard let next = lane.nextStart else { return true }
    return lane.workers == 0 && next <= now
  }

  /// How many places for workers are in use.
  var staffing: Staffing {
    if workers >= policy.workers, lanes.contains(where: { $1.workers == 0 && !$1.isEmpty }) { return .short }
    return workers <= policy.standbyWorkers ? .spare : .tight
  }

  /// Whether a worker of the destination may keep its connection without mail.
  func mayStandBy(_ destination: Destination) -> Bool {
    guard let lane = lanes[destination], lane.isEmpty, lane.workers <= lane.window.size else { return false }
    if case .out = lane.standing { return false }
    return staffing == .spare
  }

  /// A worker has left.
  mutating func left(_ destination: Destination) {
    workers -= 1
    lanes[destination]?.workers -= 1
    // Domains come and go; their servers are what was learned of.
    if case .domain = destination, lanes[destination]?.isIdle ?? false { lanes[destination] = nil }
  }
}
