import MTACore
import NIOCore

/// What waits for one destination, and what was learned of it.
struct Lane: Sendable {
  /// By priority (RFC 6710), each first come, first served.
  private var jobs: [Int: CircularBuffer<DeliveryJob>] = [:]
  private(set) var count = 0
  /// The parcels that wait.
  private(set) var parcels = 0
  /// The lanes that they waited in in the queue, with the number of jobs from each.
  private(set) var names: [String: Int] = [:]
  /// Another number when ``names`` has others.
  private(set) var naming = 0
  var workers = 0
  /// The place in the order in which destinations began to wait.
  var waitsSince = 0
  /// When a job last went from here to a worker, or the first began to wait.
  private var movedAt: Timestamp?
  /// When a worker was last called.
  private var calledAt: Timestamp?
  var window: DeliveryWindow
  /// The least time between two mails.
  var interval: Duration?
  /// When the next mail may begin, where there is such a time.
  var nextStart: Timestamp?
  var rest: DestinationRest?
  /// The last delivery went well.
  var isProven = false
  /// Troubled deliveries since the last that went well.
  var troubles = 0
  /// When the first of what waits began to.
  private var beganAt: Timestamp?
  /// Parcels a second that went from here to workers, of late; and since it was last counted.
  private var rate = 0.0
  private var moved = 0
  /// What waits is more than the next seconds will see to.
  private var isSlow = false
  private var isFull = false
  /// Parcels that were turned back since there was room.
  private var turnedBack = 0
  /// How many parcels fill it.
  private let saturation: Int

  init(limit: DestinationLimit, saturation: Int) {
    self.saturation = saturation
    window = DeliveryWindow(maximum: limit.deliveries)
    interval = limit.interval
  }

  var isEmpty: Bool { count == 0 }
  var isIdle: Bool { count == 0 && workers == 0 }
  var load: LaneLoad { isSlow ? (parcels >= most ? .tooMuch : .slow) : isFull ? .full : .open }
  private var most: Int { max(saturation * 2, Int(min(rate * 30, Double(saturation) * 16))) }

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
    if parcels >= saturation { isFull = true }
  }

  /// A worker is on its way here.
  mutating func called(at now: Timestamp) {
    workers += 1
    calledAt = now
  }

  /// Whether what waits has stood still for so long, and nobody was called meanwhile: whoever works here is held up.
  func needsHelp(after time: Duration, at now: Timestamp) -> Bool {
    standsStill(for: time, at: now) && calledAt.map { Self.isLong(ago: $0, time, at: now) } ?? true
  }

  private func standsStill(for time: Duration, at now: Timestamp) -> Bool {
    !isEmpty && movedAt.map { Self.isLong(ago: $0, time, at: now) } ?? false
  }

  /// The time of day may have been set back meanwhile.
  private static func isLong(ago then: Timestamp, _ time: Duration, at now: Timestamp) -> Bool {
    now >= then + time || now < then
  }

  /// Counts what has moved in the last second; what waits for longer than that is looked at in its light.
  mutating func look(at now: Timestamp) {
    // What begins to move is believed at once, what stops is not.
    rate = max(Double(moved), rate * 0.8 + Double(moved) * 0.2)
    moved = 0
    let isOld = beganAt.map { Self.isLong(ago: $0, .seconds(1), at: now) } ?? false
    isSlow = !isEmpty && isOld && Double(parcels) > rate * 5
  }

  /// For how long something that comes now had better wait in the queue: until it might be served, or, where nothing moves, longer the more
  /// there is of it, so that to come and go costs little.
  mutating func turnBack(_ count: Int) -> Duration {
    defer { turnedBack += count }
    return .seconds(min(600, max(30, rate > 0 ? Double(parcels) / rate : Double(turnedBack) / 100)))
  }

  mutating func popFirst(at now: Timestamp) -> DeliveryJob? {
    guard let best = jobs.keys.max(), let job = jobs[best]?.popFirst() else { return nil }
    if jobs[best]?.isEmpty ?? true { jobs[best] = nil }
    movedAt = now
    moved += job.parcels.count
    remove(job)
    return job
  }

  /// What is beyond that, the least urgent and latest; never the next one, however large.
  mutating func popSurplus() -> [DeliveryJob] {
    var surplus: [DeliveryJob] = []
    while isSlow, count > 1, parcels > most, let least = jobs.keys.min(), let job = jobs[least]?.popLast() {
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
    if parcels <= saturation / 2 { (isFull, turnedBack) = (false, 0) }
    if isEmpty { isSlow = false }
  }

  mutating func drain() -> [DeliveryJob] {
    let all = jobs.sorted { $0.key > $1.key }.flatMap { $0.value }
    jobs = [:]
    (count, parcels, names, isFull, isSlow, turnedBack) = (0, 0, [:], false, false, 0)
    naming += 1
    return all
  }
}
