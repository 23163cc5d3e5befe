import MTACore

/// What a run has taken from the queue and not yet given back, who works on it, and how it fares. Workers and the store's thread ask it
/// under a lock, from wherever they are: a step to an actor and back for each question would cost more than the answers.
struct WorkInHand: Sendable {
  /// A worker that keeps its connection for a moment, in case another mail comes.
  struct Resting: Sendable {
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
  /// It is being found out what is ours: nothing may be added meanwhile.
  var isRecounting = false
  var isStopping = false
  private(set) var summary = RunSummary()
  /// How many reports were queued.
  private(set) var reports = 0
  private(set) var resting: [Destination: [Resting]] = [:]
  private var hired = 0
  /// Nobody may go on.
  private var isDismissed = false
  /// Workers that were hired, by number; nil for those whose task is being made.
  private(set) var workers: [Int: Task<Void, Never>?] = [:]
  private let maximumLeased: Int
  /// Whether the run goes on when there is nothing to do.
  private let isService: Bool

  init(_ lanes: Lanes, maximumLeased: Int, isService: Bool) {
    self.lanes = lanes
    self.maximumLeased = maximumLeased
    self.isService = isService
  }

  // MARK: room

  /// How often what waits here may exceed what is to be leased, where the excess is of destinations that have too much.
  private static let excess = 8

  /// Parcels that wait here. Those in workers' hands do not count: there are only so many workers, and however long they take, they
  /// must keep no mail in the queue but what has to wait for them.
  private var waiting: Int { sorting + lanes.parcels }

  /// Without those that wait where much waits: nor must these.
  private var waitingElsewhere: Int { waiting - lanes.saturatedParcels }

  /// How many parcels may be taken from the queue now.
  var room: Int {
    isRecounting
      ? 0 : min(max(1, maximumLeased / 4), maximumLeased - waitingElsewhere, maximumLeased * Self.excess - waiting)
  }

  /// Whether it is worth a claim that something has gone from here.
  var hasRoomAgain: Bool { remainder != .nothing && waitingElsewhere <= maximumLeased / 2 }

  /// What may come straight from its receiver. Where much waits already, it waits with it; and so where the queue may have more that is due,
  /// which came before.
  mutating func intake(until deadline: Timestamp) -> Intake? {
    guard isService, !isStopping, !isRecounting, remainder != .something else { return nil }
    let parcels = min(maximumLeased / 2 - waitingElsewhere, maximumLeased * Self.excess - waiting)
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
    lanes.look(at: now, sheds: isService && !isStopping).compactMap { job in
      lanes.turnBack(job).map { Surplus(job: job, delay: $0) }
    }
  }

  /// - Returns: whom to wake for it, and what is too much.
  mutating func add(_ jobs: [DeliveryJob], at now: Timestamp) -> (woken: [Resting], surplus: [Surplus]) {
    var (woken, surplus): ([Resting], [Surplus]) = ([], [])
    for job in jobs where !isStopping {
      if isService, lanes.load(of: job.destination) == .tooMuch, let delay = lanes.turnBack(job) {
        surplus.append(Surplus(job: job, delay: delay))
        continue
      }
      lanes.add(job, at: now)
      guard let worker = resting[job.destination]?.popLast() else { continue }
      if resting[job.destination]?.isEmpty ?? false { resting[job.destination] = nil }
      woken.append(worker)
    }
    return (woken, surplus)
  }

  /// Whether these jobs call for another worker: a new one, or the place of one that rests.
  func isShort(for jobs: [DeliveryJob], at now: Timestamp) -> Bool {
    jobs.contains { lanes.wantsWorker($0.destination, at: now) } || !resting.isEmpty && lanes.isCrowded
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
    guard !isStopping else { return [] }
    return lanes.hire(at: now).map { destination in
      hired += 1
      workers.updateValue(nil, forKey: hired)
      return (hired, destination)
    }
  }

  /// The worker's task, unless it has left already.
  /// - Returns: whether it is to be cancelled at once.
  mutating func started(_ number: Int, _ task: Task<Void, Never>) -> Bool {
    if workers.keys.contains(number) { workers[number] = .some(task) }
    return isDismissed
  }

  /// Nobody's delivery may go on.
  /// - Returns: whom to cancel. Not here: what a task does about it would find the lock taken.
  mutating func dismiss() -> [Task<Void, Never>] {
    isDismissed = true
    return workers.values.compactMap(\.self)
  }

  mutating func left(_ number: Int, _ destination: Destination) {
    workers.removeValue(forKey: number)
    lanes.left(destination)
  }

  // MARK: rest

  /// - Returns: nil while it rests; else whether there is work, or the run is at its end.
  mutating func rest(_ worker: Resting, at destination: Destination) -> Bool? {
    if !lanes.isEmpty(destination) { return true }
    let others = lanes.workers - resting.values.reduce(0) { $0 + $1.count } - 1
    // A run that ends when all is done must not wait for those that wait.
    guard !isStopping, !lanes.isCrowded, lanes.mayRest(destination), isService || others > 0 else { return false }
    resting[destination, default: []].append(worker)
    return nil
  }

  /// Ends a rest, if it has not ended yet.
  mutating func endRest(_ number: Int, at destination: Destination) -> Resting? {
    guard let index = resting[destination]?.firstIndex(where: { $0.number == number }) else { return nil }
    let worker = resting[destination]?.remove(at: index)
    if resting[destination]?.isEmpty ?? false { resting[destination] = nil }
    return worker
  }

  /// Those whose rest is over because nobody is left who could bring them work, or because others want their place.
  mutating func endNeedlessRests() -> [Resting] {
    let all = resting.values.flatMap(\.self)
    let isNeedless = isStopping || lanes.isCrowded || !isService && all.count == lanes.workers && !lanes.isAnyWaiting
    guard isNeedless else { return [] }
    resting = [:]
    return all
  }
}
