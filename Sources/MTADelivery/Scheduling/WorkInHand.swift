import MTACore

/// What a run has taken from the queue and not yet given back, who works on it, and how it fares. Workers and the store's thread ask it
/// under a lock, from wherever they are: a step to an actor and back for each question would cost more than the answers.
struct WorkInHand: Sendable {
  /// A worker that keeps its connection for a moment, in case another mail comes.
  struct Standby: Sendable {
    let number: Int
    /// Told whether there is something to do.
    let wake: CheckedContinuation<Bool, Never>
  }

  var lanes: Lanes
  /// What is ours in the queue.
  var leased: Set<ParcelID> = []
  /// Parcels whose hooks are being asked for the way.
  private var sorting = 0
  /// What the last claim left in the queue that is due.
  private(set) var remainder = ClaimRemainder.nothing
  var phase = Phase.working
  private(set) var summary = RunSummary()
  /// How many reports were queued.
  private(set) var reports = 0
  private(set) var standbys: [Destination: [Standby]] = [:]
  var workers = Crew()
  /// Those that ask hooks for the way.
  var sorters = Crew()
  private var policy: LanePolicy { lanes.policy }
  /// Whether the run goes on when there is nothing to do.
  private let isService: Bool

  init(_ lanes: Lanes, isService: Bool) {
    self.lanes = lanes
    self.isService = isService
  }

  /// What a run is about.
  enum Phase: Hashable, Sendable {
    case working
    /// It finds out what is its own in the queue: nothing may be added meanwhile.
    case counting
    /// Nothing new is begun.
    case stopping
  }

  // MARK: room

  /// Parcels that wait here. Parcels being delivered are not counted: their number is bounded by the workers, and counting them would keep
  /// mail for others in the queue.
  private var waiting: Int { sorting + lanes.parcels }

  /// Without those that wait where much waits: nor must these.
  private var waitingElsewhere: Int { waiting - lanes.saturatedParcels }

  /// How many parcels may be taken from the queue now.
  var room: Int {
    phase == .counting ? 0 : min(policy.claim, policy.memory - waitingElsewhere, policy.excess - waiting)
  }

  /// Whether it is worth a claim that something has gone from here.
  var hasRoomAgain: Bool { remainder != .nothing && waitingElsewhere <= policy.intake }

  /// What may come straight from its receiver. Where much waits already, it waits with it; and so where the queue may have more that is due,
  /// which came before.
  mutating func intake(until deadline: Timestamp) -> Intake? {
    guard isService, phase == .working, remainder != .something else { return nil }
    let parcels = min(policy.intake - waitingElsewhere, policy.excess - waiting)
    return parcels > 0 ? Intake(parcels: parcels, leavingOut: lanes.leftOut(), deadline: deadline) : nil
  }

  // MARK: parcels

  /// Parcels are ours now.
  ///
  /// - Parameter isSorted: whether hooks are to be asked before there are jobs of them; ``sorted(_:)`` follows.
  mutating func take(_ parcels: [Parcel], isSorted: Bool) {
    leased.formUnion(parcels.lazy.map(\.id))
    if isSorted { sorting += parcels.count }
  }

  mutating func sorted(_ count: Int) { sorting -= count }

  mutating func claimed(leaving remainder: ClaimRemainder) { self.remainder = remainder }

  /// A job that has to go back to the queue, for it would wait too long here.
  struct Surplus: Sendable {
    let job: DeliveryJob
    let delay: Duration
  }

  /// Sees how fast what waits moves. To be called every second, about.
  /// - Returns: what is too much.
  mutating func look(at now: Timestamp) -> [Surplus] {
    // A run that ends when all is done would end without it.
    lanes.look(at: now, sheds: isService && phase != .stopping).compactMap { job in
      lanes.turnBack(job).map { Surplus(job: job, delay: $0) }
    }
  }

  /// - Returns: whom to wake for it, and what is too much.
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

  /// Whether these jobs call for another worker: a new one, or the place of one that stands by.
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

  /// Numbers of new workers, and where they are wanted.
  mutating func hire(at now: Timestamp) -> [(number: Int, destination: Destination)] {
    guard phase != .stopping else { return [] }
    return lanes.hire(at: now).map { (workers.hire(), $0) }
  }

  mutating func left(_ number: Int, _ destination: Destination) {
    workers.ended(number)
    lanes.left(destination)
  }

  /// - Returns: nil while it stands by; else whether there is work, or the worker is to leave.
  mutating func standBy(_ worker: Standby, at destination: Destination) -> Bool? {
    if !lanes.isEmpty(destination) { return true }
    let others = lanes.workers - standbys.values.reduce(0) { $0 + $1.count } - 1
    // A run that ends when all is done must not wait for those that wait.
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

  /// Those whose standby is over because nobody is left who could bring them work, or because others want their place.
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
