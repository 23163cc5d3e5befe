import MTACore

/// What a run has taken from the queue and not yet given back, and the workers for it. Workers and the store's thread use it under a
/// lock. A step to an actor and back for each question would cost more than the answers.
struct WorkInHand: Sendable {
  /// A worker that keeps its connection for a moment, in case another mail comes.
  struct Standby: Sendable {
    let number: Int
    /// Resumed with whether there is work.
    let wake: CheckedContinuation<Bool, Never>
  }

  var lanes: Lanes
  /// The parcels that this run has leased.
  var leased: Set<ParcelID> = []
  /// Parcels about whose route hooks are being asked.
  private var sorting = 0
  /// What is due in the queue after the last claim.
  private(set) var remainder = ClaimRemainder.nothing
  var phase = Phase.working
  /// Deliveries that do not end were left behind.
  var isAbandoned = false
  private(set) var summary = RunSummary()
  /// How many reports were queued.
  private(set) var reports = 0
  private(set) var standbys: [Destination: [Standby]] = [:]
  var workers = Crew()
  /// The tasks that ask hooks about routes.
  var sorters = Crew()
  private var policy: LanePolicy { lanes.policy }
  /// Whether the run goes on when there is nothing to do.
  private let isService: Bool

  init(_ lanes: Lanes, isService: Bool) {
    self.lanes = lanes
    self.isService = isService
  }

  /// The phase of a run.
  enum Phase: Hashable, Sendable {
    case working
    /// The run counts its leases in the queue. Meanwhile none may be added.
    case counting
    /// The run begins nothing new.
    case stopping
  }

  // MARK: room

  /// Parcels that wait here. Parcels being delivered are not counted: their number is bounded by the workers, and counting them would
  /// keep mail for others in the queue.
  private var waiting: Int { sorting + lanes.parcels }

  /// The same, without parcels at destinations with much mail: these take no room from others either.
  private var waitingElsewhere: Int { waiting - lanes.saturatedParcels }

  /// How many parcels may be claimed now.
  var room: Int {
    phase == .counting ? 0 : min(policy.claim, policy.memory - waitingElsewhere, policy.excess - waiting)
  }

  /// Whether so much has gone from here that a claim is worth while.
  var hasRoomAgain: Bool { remainder != .nothing && waitingElsewhere <= policy.intake }

  /// What may come straight from a receiver: nothing while much waits here, or while the queue may have older mail that is due.
  mutating func intake(until deadline: Timestamp) -> Intake? {
    guard isService, phase == .working, remainder != .something else { return nil }
    let parcels = min(policy.intake - waitingElsewhere, policy.excess - waiting)
    return parcels > 0 ? Intake(parcels: parcels, leavingOut: lanes.leftOut(), deadline: deadline) : nil
  }

  // MARK: parcels

  /// Adds parcels that are now leased to this run.
  ///
  /// - Parameter isSorted: whether hooks are asked before jobs are made of them; ``sorted(_:)`` follows.
  mutating func take(_ parcels: [Parcel], isSorted: Bool) {
    leased.formUnion(parcels.lazy.map(\.id))
    if isSorted { sorting += parcels.count }
  }

  mutating func sorted(_ count: Int) { sorting -= count }

  mutating func claimed(leaving remainder: ClaimRemainder) { self.remainder = remainder }

  /// A job that goes back to the queue, because it would wait too long here.
  struct Surplus: Sendable {
    let job: DeliveryJob
    let delay: Duration
  }

  /// Measures how fast the waiting mail moves. Call it about every second.
  /// - Returns: the jobs beyond the limits.
  mutating func look(at now: Timestamp) -> [Surplus] {
    // A run that ends when all is done would end without it.
    lanes.look(at: now, sheds: isService && phase != .stopping).compactMap { job in
      lanes.turnBack(job).map { Surplus(job: job, delay: $0) }
    }
  }

  /// - Returns: the workers to wake for it, and the jobs beyond the limits.
  mutating func add(_ jobs: [DeliveryJob], at now: Timestamp) -> (woken: [Standby], surplus: [Surplus]) {
    var (woken, surplus): ([Standby], [Surplus]) = ([], [])
    for job in jobs where phase != .stopping {
      if isService, lanes.load(of: job.destination) == .tooMuch, let delay = lanes.turnBack(job) {
        surplus.append(Surplus(job: job, delay: delay))
        continue
      }
      lanes.add(job, at: now)
      guard let worker = standbys[job.destination]?.popLast() else { continue }
      if standbys[job.destination]?.isEmpty ?? false { standbys[job.destination] = nil }
      woken.append(worker)
    }
    return (woken, surplus)
  }

  /// Whether these jobs call for another worker: a new one, or one that stands by elsewhere.
  func callsForWorker(_ jobs: [DeliveryJob], at now: Timestamp) -> Bool {
    jobs.contains { lanes.wantsWorker($0.destination, at: now) } || !standbys.isEmpty && lanes.staffing == .short
  }

  mutating func recorded(_ results: [ParcelResult], reports: Int) {
    self.reports += reports
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

  // MARK: workers

  /// The numbers of new workers, and their destinations.
  mutating func hire(at now: Timestamp) -> [(number: Int, destination: Destination)] {
    guard phase != .stopping else { return [] }
    return lanes.hire(at: now).map { (workers.hire(), $0) }
  }

  mutating func left(_ number: Int, _ destination: Destination) {
    workers.ended(number)
    lanes.left(destination)
  }

  /// - Returns: nil while the worker stands by; else whether there is work, or false if it must leave.
  mutating func standBy(_ worker: Standby, at destination: Destination) -> Bool? {
    if !lanes.isEmpty(destination) { return true }
    let others = lanes.workers - standbys.values.reduce(0) { $0 + $1.count } - 1
    // `runOnce()` does not wait for workers that stand by.
    guard phase != .stopping, lanes.mayStandBy(destination), isService || others > 0 else { return false }
    standbys[destination, default: []].append(worker)
    return nil
  }

  /// Ends a standby, if it has not ended yet.
  mutating func endStandby(_ number: Int, at destination: Destination) -> Standby? {
    guard let index = standbys[destination]?.firstIndex(where: { $0.number == number }) else { return nil }
    let worker = standbys[destination]?.remove(at: index)
    if standbys[destination]?.isEmpty ?? false { standbys[destination] = nil }
    return worker
  }

  /// The workers whose standby is over: either no worker is left that could bring them work, or others need their place.
  mutating func endNeedlessStandbys() -> [Standby] {
    let all = standbys.values.flatMap(\.self)
    let isNeedless =
      phase == .stopping || lanes.staffing == .short
      || !isService && all.count == lanes.workers && !lanes.isAnyWaiting
    guard isNeedless else { return [] }
    standbys = [:]
    return all
  }
}
