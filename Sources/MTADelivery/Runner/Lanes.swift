import MTACore

/// The jobs that wait, by destination, and how many workers serve each: a value that decides, and owns no task.
///
/// No destination has more workers than its window, none keeps a worker for good while others have none, and none fills the
/// memory so that nothing else is taken from the queue: a slow or dead one blocks nobody but itself.
struct Lanes: Sendable {
  /// What a worker is to do next.
  enum Turn: Sendable {
    case deliver(DeliveryJob)
    /// The destination rests: the job is deferred as the last attempt was.
    case turnAway(DeliveryJob, Attempt)
    /// Keep the connection, and ask again after this time.
    case pause(Duration)
    /// Nothing now; the connection may be kept for a moment.
    case idle
    /// Nothing for this worker.
    case end
  }

  /// Jobs that a destination's last worker may do while other destinations wait for one; others stay for one job alone.
  private static let turn = 50
  /// A worker waits so long for a destination's next mail, and no longer.
  private static let longestPause: Duration = .seconds(1)
  /// Troubled deliveries in a row after which a destination counts as unreachable.
  private static let patience = 5
  /// For so long mails may stand still behind others before another worker is sent, be they ever so few.
  private static let standstill: Duration = .seconds(1)
  /// Destinations that are remembered without having anything to do.
  private static let remembered = 2000

  private let maximumWorkers: Int
  private let limits: DestinationLimits
  /// Parcels of one destination above which no more are taken for it.
  private let saturation: Int

  private var lanes: [Destination: Lane] = [:]
  private(set) var workers = 0
  /// Parcels that wait.
  private(set) var parcels = 0
  /// Those that wait where much waits.
  private(set) var saturatedParcels = 0
  /// Destinations of which so much waits that no more is taken from the queue for them.
  private var saturated: Set<Destination> = []
  /// ``leftOut()``, as long as it is true.
  private var knownLeftOut: Set<String>?
  /// How often a destination began to wait.
  private var arrivals = 0

  init(maximumWorkers: Int, limits: DestinationLimits, saturation: Int) {
    self.maximumWorkers = max(1, maximumWorkers)
    self.limits = limits
    self.saturation = max(1, saturation)
  }

  mutating func add(_ job: DeliveryJob, at now: Timestamp) {
    let limit = limits.limit(for: job)
    if lanes[job.destination] == nil {
      forgetSome()
      lanes[job.destination] = Lane(limit: limit, saturation: saturation)
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

  /// The destinations that are to get a worker now, one entry for each; they are counted as having it. Of those with as many workers
  /// the one that has waited longest comes first.
  mutating func hire(at now: Timestamp) -> [Destination] {
    guard workers < maximumWorkers else { return [] }
    var unproven = lanes.reduce(0) { $0 + (Self.isTrusted($1.key, $1.value) ? 0 : $1.value.workers) }
    // Destinations of which nothing good is known may not take all workers: a fifth is for those that answer, and for local mail.
    let mostUnproven = max(1, maximumWorkers * 4 / 5)
    // And not more than a quarter of those with their second workers and further ones: the first of another is of more use.
    func isTooUnproven(_ workers: Int) -> Bool { unproven >= (workers == 0 ? mostUnproven : mostUnproven / 4) }
    var wanting = lanes.filter { Self.wantsWorker($0, $1, at: now) }.map {
      (destination: $0, workers: $1.workers, since: $1.waitsSince, isTrusted: Self.isTrusted($0, $1))
    }
    var hired: [Destination] = []
    // First one each, then more where much waits.
    while !wanting.isEmpty {
      wanting.sort { ($0.workers, $0.since) < ($1.workers, $1.since) }
      for (destination, its, _, isTrusted) in wanting where isTrusted || !isTooUnproven(its) {
        guard workers < maximumWorkers else { return hired }
        lanes[destination]?.called(at: now)
        workers += 1
        if !isTrusted { unproven += 1 }
        hired.append(destination)
      }
      wanting = wanting.compactMap { destination, _, since, isTrusted in
        guard let lane = lanes[destination], isTrusted || !isTooUnproven(lane.workers),
          Self.wantsWorker(destination, lane, at: now)
        else {
          return nil
        }
        return (destination, lane.workers, since, isTrusted)
      }
    }
    return hired
  }

  private static func isTrusted(_ destination: Destination, _ lane: Lane) -> Bool {
    destination == .local || destination == .nowhere || lane.isProven
  }

  /// Whether another worker would find work there.
  func wantsWorker(_ destination: Destination, at now: Timestamp) -> Bool {
    workers < maximumWorkers && lanes[destination].map { Self.wantsWorker(destination, $0, at: now) } ?? false
  }

  /// Whether the destination has nobody, and is to get nobody before its next start.
  func waitsForItsTime(_ destination: Destination, at now: Timestamp) -> Bool {
    guard let lane = lanes[destination], lane.workers == 0, let next = lane.nextStart else { return false }
    return next > now
  }

  /// A further connection is worth its while only for some mails, or where those there are do not get on.
  private static func wantsWorker(_ destination: Destination, _ lane: Lane, at now: Timestamp) -> Bool {
    guard lane.workers < lane.window.size else { return false }
    // For the search for a domain's servers one is enough.
    if case .domain = destination { return lane.workers == 0 && !lane.isEmpty }
    guard lane.count > lane.workers * 4 || lane.needsHelp(after: standstill, at: now) else { return false }
    guard let next = lane.nextStart else { return true }
    return lane.workers == 0 && next <= now
  }

  /// When a destination that waits for its next start may go on.
  var nextStart: Timestamp? {
    lanes.values.lazy.filter { !$0.isEmpty && $0.workers == 0 }.compactMap(\.nextStart).min()
  }

  /// Whether nothing waits, and nobody works.
  var isIdle: Bool { workers == 0 && lanes.values.allSatisfy(\.isEmpty) }

  /// Sees how fast what waits moves. To be called every second, about.
  ///
  /// - Parameter sheds: whether what is too much then is to go.
  /// - Returns: what went.
  mutating func look(at now: Timestamp, sheds: Bool = false) -> [DeliveryJob] {
    Array(lanes.keys).flatMap { destination in
      change(destination) { lane in
        lane.look(at: now)
        return sheds ? lane.popSurplus() : []
      } ?? []
    }
  }

  func load(of destination: Destination) -> LaneLoad { lanes[destination]?.load ?? .open }

  /// Counts a job that goes back there; tells for how long.
  mutating func turnBack(_ job: DeliveryJob) -> Duration? { lanes[job.destination]?.turnBack(job.parcels.count) }

  /// The queue's lanes of which no more is to be taken: those of the destinations that have enough, and those that their parcels came from.
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

  /// The next job of a worker that has done `served`.
  mutating func next(for destination: Destination, served: Int, at now: Timestamp) -> Turn {
    guard let lane = lanes[destination] else { return .end }
    let others = (served >= Self.turn || served > 0 && lane.workers > 1) && isCrowded
    if others || lane.workers > lane.window.size { return .end }
    if lane.isEmpty { return .idle }
    if let rest = lane.rest, now < rest.until {
      guard let job = popFirst(destination, at: now) else { return .end }
      return .turnAway(job, rest.attempt)
    }
    if let interval = lane.interval {
      if let next = lane.nextStart, now < next {
        let pause = next - now
        return pause <= Self.longestPause ? .pause(pause) : .end
      }
      lanes[destination]?.nextStart = now + interval
    }
    guard let job = popFirst(destination, at: now) else { return .end }
    return .deliver(job)
  }

  func isEmpty(_ destination: Destination) -> Bool { lanes[destination]?.isEmpty ?? true }

  /// Whether a worker of the destination may keep its connection though it has nothing to do: there are places enough for others.
  func mayRest(_ destination: Destination) -> Bool {
    guard let lane = lanes[destination] else { return false }
    return lane.isEmpty && lane.rest == nil && lane.workers <= lane.window.size && workers <= (maximumWorkers + 1) / 2
  }

  /// Whether somebody waits for want of a worker.
  var isCrowded: Bool { workers >= maximumWorkers && lanes.contains { $1.workers == 0 && !$1.isEmpty } }

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

  /// How a delivery went; returns what now waits in vain, for nobody answered.
  mutating func learn(_ destination: Destination, _ attempt: Attempt, at now: Timestamp) -> [DeliveryJob] {
    guard attempt.tellsOfDestination else { return [] }
    lanes[destination]?.isProven = !attempt.isTroubled && !attempt.isUnreachable
    if attempt.isTroubled { lanes[destination]?.troubles += 1 } else { lanes[destination]?.troubles = 0 }
    // A server that answers and then breaks off, time after time, is as good as none.
    if attempt.isUnreachable || lanes[destination]?.troubles ?? 0 >= Self.patience {
      lanes[destination]?.window.troubled()
      if lanes[destination]?.rest == nil {
        lanes[destination]?.rest = DestinationRest(after: attempt, at: now)
      } else {
        lanes[destination]?.rest?.failedAgain(attempt, at: now)
      }
      return drain(destination)
    }
    lanes[destination]?.rest = nil
    if attempt.isTroubled {
      lanes[destination]?.window.troubled()
    } else {
      lanes[destination]?.window.succeeded()
    }
    return []
  }

  /// All jobs that wait for a destination; they wait no longer.
  mutating func drain(_ destination: Destination) -> [DeliveryJob] { change(destination) { $0.drain() } ?? [] }

  mutating func drainAll() {
    for destination in Array(lanes.keys) { _ = drain(destination) }
  }

  /// A worker is done.
  mutating func left(_ destination: Destination) {
    workers -= 1
    lanes[destination]?.workers -= 1
    // Domains come and go; their servers are what was learned of.
    if case .domain = destination, lanes[destination]?.isIdle ?? false { lanes[destination] = nil }
  }

  /// What was learned of destinations is worth keeping, but not of all there ever were.
  private mutating func forgetSome() {
    guard lanes.count >= Self.remembered else { return }
    lanes = lanes.filter { !$1.isIdle }
  }
}
