import MTACore
import NIOCore

/// The mail that waits for one destination, and what was learned of the destination.
struct Lane: Sendable {
  /// By priority (RFC 6710), oldest first in each.
  private var jobs: [Int: CircularBuffer<DeliveryJob>] = [:]
  private(set) var count = 0
  /// The number of parcels that wait.
  private(set) var parcels = 0
  /// The queue's lanes in which they waited, with the number of jobs from each.
  private(set) var names: [String: Int] = [:]
  /// Changes whenever ``names`` gets other lanes.
  private(set) var naming = 0
  var workers = 0
  /// The place of the destination in the order in which destinations began to wait.
  var waitsSince = 0
  /// When a job last went to a worker, or when the first one began to wait.
  private var movedAt: Timestamp?
  /// When a worker was last called.
  private var calledAt: Timestamp?
  var window: DeliveryWindow
  /// The least time between two mails.
  var interval: Duration?
  /// When the next mail may begin; nil without a limit.
  var nextStart: Timestamp?
  private(set) var standing = Standing.unknown
  /// When the first waiting job began to wait.
  private var beganAt: Timestamp?
  /// Parcels a second that went to workers lately, and their number since the last count.
  private var rate = 0.0
  private var moved = 0
  /// The load by the number of parcels: ``LaneLoad/open`` or ``LaneLoad/full``.
  private var fill = LaneLoad.open
  /// The load by their speed: ``LaneLoad/open`` or ``LaneLoad/slow``.
  private var pace = LaneLoad.open
  /// Parcels that were turned back since there was last room.
  private var turnedBack = 0
  private let policy: LanePolicy

  init(limit: DestinationLimit, _ policy: LanePolicy) {
    self.policy = policy
    window = DeliveryWindow(maximum: limit.deliveries)
    interval = limit.interval
  }

  var isEmpty: Bool { count == 0 }
  var isIdle: Bool { count == 0 && workers == 0 }
  var load: LaneLoad { pace == .slow && parcels >= most ? .tooMuch : max(fill, pace) }
  /// The parcels that a slow destination keeps in memory.
  private var most: Int { max(policy.leastKept, Int(min(rate * policy.stay, Double(policy.mostKept)))) }

  mutating func change<Value>(_ body: (inout Lane) -> Value) -> Value { body(&self) }

  mutating func add(_ job: DeliveryJob, at now: Timestamp) {
    if isEmpty { (movedAt, beganAt) = (now, now) }
    jobs[job.priority, default: CircularBuffer()].append(job)
    count += 1
    parcels += job.parcels.count
    for name in job.lanes {
      if names[name] == nil { naming += 1 }
      names[name, default: 0] += 1
    }
    if parcels >= policy.share { fill = .full }
  }

  /// A worker was called for this destination.
  mutating func called(at now: Timestamp) {
    workers += 1
    calledAt = now
  }

  /// Learns from the result of a delivery that says something about the destination.
  mutating func learn(_ attempt: Attempt, at now: Timestamp) {
    standing.learn(attempt, at: now, policy)
    if case .proven = standing { window.succeeded() } else { window.troubled() }
  }

  /// The outage for which deliveries are turned away; nil if they are made.
  func outage(at now: Timestamp) -> Outage? {
    if case .out(let outage) = standing, now < outage.end { outage } else { nil }
  }

  /// Whether the waiting mail has not moved for a while, and no worker was called for it since: the workers here are delayed.
  func needsHelp(at now: Timestamp) -> Bool {
    standsStill(for: policy.standstill, at: now)
      && calledAt.map { Self.isLong(ago: $0, policy.standstill, at: now) } ?? true
  }

  private func standsStill(for time: Duration, at now: Timestamp) -> Bool {
    !isEmpty && movedAt.map { Self.isLong(ago: $0, time, at: now) } ?? false
  }

  /// The time of day may have been set back in between.
  private static func isLong(ago then: Timestamp, _ time: Duration, at now: Timestamp) -> Bool {
    now >= then + time || now < then
  }

  /// Measures what moved in the last second, and sets the load by it.
  mutating func look(at now: Timestamp) {
    // The rate rises at once and falls slowly.
    rate = max(Double(moved), rate * policy.memoryOfRate + Double(moved) * (1 - policy.memoryOfRate))
    moved = 0
    let isOld = beganAt.map { Self.isLong(ago: $0, policy.laneLook, at: now) } ?? false
    pace = !isEmpty && isOld && Double(parcels) > rate * policy.slowness ? .slow : .open
  }

  /// How long mail that comes now should wait in the queue: until it may be served. If nothing moves, the time grows with the mail, so
  /// that coming and going costs little.
  mutating func turnBack(_ count: Int) -> Duration {
    defer { turnedBack += count }
    let wait = rate > 0 ? Double(parcels) / rate : Double(turnedBack) / policy.returnsPerSecond
    return .seconds(min(policy.longestAbsence, max(policy.shortestAbsence, wait)))
  }

  mutating func popFirst(at now: Timestamp) -> DeliveryJob? {
    guard let best = jobs.keys.max(), let job = jobs[best]?.popFirst() else { return nil }
    if jobs[best]?.isEmpty ?? true { jobs[best] = nil }
    movedAt = now
    moved += job.parcels.count
    remove(job)
    return job
  }

  /// Takes the mail beyond that, least urgent and latest first, but never the next job, however large.
  mutating func popSurplus() -> [DeliveryJob] {
    var surplus: [DeliveryJob] = []
    while pace == .slow, count > 1, parcels > most, let least = jobs.keys.min(), let job = jobs[least]?.popLast() {
      if jobs[least]?.isEmpty ?? true { jobs[least] = nil }
      remove(job)
      surplus.append(job)
    }
    return surplus
  }

  private mutating func remove(_ job: DeliveryJob) {
    count -= 1
    parcels -= job.parcels.count
    for name in job.lanes {
      names[name] = names[name].flatMap { $0 > 1 ? $0 - 1 : nil }
      if names[name] == nil { naming += 1 }
    }
    if parcels <= policy.share / 2 { (fill, turnedBack) = (.open, 0) }
    if isEmpty { pace = .open }
  }

  mutating func drain() -> [DeliveryJob] {
    let all = jobs.sorted { $0.key > $1.key }.flatMap { $0.value }
    jobs = [:]
    (count, parcels, names, fill, pace, turnedBack) = (0, 0, [:], .open, .open, 0)
    naming += 1
    return all
  }
}
