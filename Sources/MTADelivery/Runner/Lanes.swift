import MTACore
import NIOCore

/// The jobs that wait, by destination, and how many workers serve each: a value that decides, and owns no task.
///
/// No destination has more workers than its share, and none keeps a worker for good while others have none: a slow or
/// dead one blocks nobody but itself.
struct Lanes {
  private struct Lane {
    var jobs = CircularBuffer<DeliveryJob>()
    var workers = 0
  }

  let maximumWorkers: Int
  let maximumPerDestination: Int
  /// Jobs that a worker may do while other destinations wait for one.
  private static let turn = 50

  private var lanes: [Destination: Lane] = [:]
  private(set) var workers = 0

  init(maximumWorkers: Int, maximumPerDestination: Int) {
    self.maximumWorkers = max(1, maximumWorkers)
    self.maximumPerDestination = max(1, maximumPerDestination)
  }

  mutating func add(_ job: DeliveryJob) { lanes[job.destination, default: Lane()].jobs.append(job) }

  /// The destinations that are to get a worker now, one entry for each; they are counted as having it.
  mutating func hire() -> [Destination] {
    var hired: [Destination] = []
    // First one each, then more where much waits: a connection is worth its while only for some mails.
    for round in 0..<maximumPerDestination {
      for (destination, lane) in lanes where lane.workers == round && lane.jobs.count > round * 4 {
        guard workers < maximumWorkers else { return hired }
        lanes[destination]?.workers += 1
        workers += 1
        hired.append(destination)
      }
    }
    return hired
  }

  /// The next job of a worker that has done `served`; nil: it is to end, and is counted out.
  mutating func next(for destination: Destination, served: Int) -> DeliveryJob? {
    if served >= Self.turn, workers >= maximumWorkers, lanes.contains(where: { $1.workers == 0 }) {
      dismiss(destination)
      return nil
    }
    if let job = lanes[destination]?.jobs.popFirst() { return job }
    dismiss(destination)
    return nil
  }

  /// All jobs that wait for a destination; they wait no longer.
  mutating func drain(_ destination: Destination) -> [DeliveryJob] {
    let jobs = lanes[destination]?.jobs ?? []
    lanes[destination]?.jobs = []
    return Array(jobs)
  }

  mutating func drainAll() {
    for destination in lanes.keys { lanes[destination]?.jobs = [] }
  }

  private mutating func dismiss(_ destination: Destination) {
    workers -= 1
    lanes[destination]?.workers -= 1
    if let lane = lanes[destination], lane.workers <= 0, lane.jobs.isEmpty { lanes[destination] = nil }
  }
}
