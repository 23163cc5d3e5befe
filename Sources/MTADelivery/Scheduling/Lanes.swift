import MTACore

/// The waiting jobs, by destination, and the number of workers of each. A value that decides; it owns no tasks.
///
/// It holds three promises. A destination never has more workers than its window. No worker stays for ever while other destinations
/// have none. No destination fills the memory so that mail for others stays in the queue. So a slow or dead destination blocks only
/// itself.
struct Lanes: Sendable {
  /// What a worker does next.
  enum Turn: Sendable {
    case deliver(DeliveryJob)
    /// The destination is out: the job is deferred with the result of the last attempt.
    case turnAway(DeliveryJob, Attempt)
    /// Keep the connection, and ask again after this time.
    case pause(Duration)
    /// There is nothing now; the connection may be kept for a moment.
    case idle
    /// There is nothing for this worker.
    case end
  }

  let policy: LanePolicy
  private let limits: DestinationLimits

  var lanes: [Destination: Lane] = [:]
  var workers = 0
  /// The number of parcels that wait.
  private(set) var parcels = 0
  /// The number of those that wait at destinations with much mail.
  private(set) var saturatedParcels = 0
  /// Destinations with so much mail that no more is claimed for them.
  private var saturated: Set<Destination> = []
  /// ``leftOut()``, while it is valid.
  private var knownLeftOut: Set<String>?
  /// How often a destination began to wait.
  private var arrivals = 0

  init(_ policy: LanePolicy, _ limits: DestinationLimits) {
    self.policy = policy
    self.limits = limits
  }

  mutating func add(_ job: DeliveryJob, at now: Timestamp) {
    let limit = limits.limit(for: job)
    if lanes[job.destination] == nil {
      forgetSome()
      lanes[job.destination] = Lane(limit: limit, policy)
    }
    if lanes[job.destination]?.isEmpty ?? false {
      arrivals += 1
      lanes[job.destination]?.waitsSince = arrivals
    }
    _ = change(job.destination) { $0.add(job, at: now) }
    // Domains that share servers may be limited differently: the strictest counts.
    if let interval = limit.interval, interval > lanes[job.destination]?.interval ?? .zero {
      lanes[job.destination]?.interval = interval
    }
  }

  /// When a destination that waits for its next start may go on.
  var nextStart: Timestamp? {
    lanes.values.lazy.filter { !$0.isEmpty && $0.workers == 0 }.compactMap(\.nextStart).min()
  }

  /// Whether no mail waits and no worker works.
  var isIdle: Bool { workers == 0 && lanes.values.allSatisfy(\.isEmpty) }

  /// Measures how fast the waiting mail moves. Call it about every second.
  ///
  /// - Parameter sheds: whether mail beyond the limits is removed.
  /// - Returns: the removed jobs.
  mutating func look(at now: Timestamp, sheds: Bool = false) -> [DeliveryJob] {
    Array(lanes.keys).flatMap { destination in
      change(destination) { lane in
        lane.look(at: now)
        return sheds ? lane.popSurplus() : []
      } ?? []
    }
  }

  func load(of destination: Destination) -> LaneLoad { lanes[destination]?.load ?? .open }

  /// Counts a job that goes back to the queue. Returns for how long.
  mutating func turnBack(_ job: DeliveryJob) -> Duration? { lanes[job.destination]?.turnBack(job.parcels.count) }

  /// The lanes to leave out of a claim: those of the destinations that have enough, and those from which their parcels came.
  mutating func leftOut() -> Set<String> {
    if let knownLeftOut { return knownLeftOut }
    var names: Set<String> = []
    for destination in saturated {
      names.insert(destination.lane)
      // Where hooks sent copies, others that waited with them need not go.
      if case .server = destination { continue }
      if let lane = lanes[destination] { names.formUnion(lane.names.keys) }
    }
    // What a program before lanes left there may go anywhere.
    names.remove("")
    knownLeftOut = names
    return names
  }

  /// The next step of a worker that has done `served` jobs.
  mutating func next(for destination: Destination, served: Int, at now: Timestamp) -> Turn {
    guard let lane = lanes[destination] else { return .end }
    let makesRoom = (served >= policy.turn || served > 0 && lane.workers > 1) && staffing == .short
    if makesRoom || lane.workers > lane.window.size { return .end }
    if lane.isEmpty { return .idle }
    if let outage = lane.outage(at: now) {
      guard let job = popFirst(destination, at: now) else { return .end }
      return .turnAway(job, outage.attempt)
    }
    if let interval = lane.interval {
      if let next = lane.nextStart, now < next {
        let pause = next - now
        return pause <= policy.longestPause ? .pause(pause) : .end
      }
      lanes[destination]?.nextStart = now + interval
    }
    guard let job = popFirst(destination, at: now) else { return .end }
    return .deliver(job)
  }

  func isEmpty(_ destination: Destination) -> Bool { lanes[destination]?.isEmpty ?? true }

  var isAnyWaiting: Bool { lanes.values.contains { !$0.isEmpty } }

  private mutating func popFirst(_ destination: Destination, at now: Timestamp) -> DeliveryJob? {
    change(destination) { $0.popFirst(at: now) } ?? nil
  }

  private mutating func change<Value>(_ destination: Destination, _ body: (inout Lane) -> Value) -> Value? {
    count(destination, -1)
    let (wasOpen, naming) = (load(of: destination) == .open, lanes[destination]?.naming)
    let value = lanes[destination]?.change(body)
    count(destination, 1)
    let isOpen = load(of: destination) == .open
    if isOpen { saturated.remove(destination) } else { saturated.insert(destination) }
    if isOpen != wasOpen || !isOpen && lanes[destination]?.naming != naming { knownLeftOut = nil }
    return value
  }

  private mutating func count(_ destination: Destination, _ sign: Int) {
    guard let lane = lanes[destination] else { return }
    parcels += sign * lane.parcels
    if lane.load != .open { saturatedParcels += sign * lane.parcels }
  }

  /// Learns from a delivery. Returns the jobs that now wait in vain, because no server answered.
  mutating func learn(_ destination: Destination, _ attempt: Attempt, at now: Timestamp) -> [DeliveryJob] {
    guard attempt.tellsOfDestination else { return [] }
    lanes[destination]?.learn(attempt, at: now)
    if case .out? = lanes[destination]?.standing { return drain(destination) }
    return []
  }

  /// Removes and returns all jobs that wait for a destination.
  mutating func drain(_ destination: Destination) -> [DeliveryJob] { change(destination) { $0.drain() } ?? [] }

  /// Removes and returns all jobs that wait.
  mutating func drainAll() -> [DeliveryJob] { Array(lanes.keys).flatMap { drain($0) } }

  /// Forgets idle destinations beyond ``LanePolicy/remembered``.
  private mutating func forgetSome() {
    guard lanes.count >= policy.remembered else { return }
    lanes = lanes.filter { !$1.isIdle }
  }
}
