import MTACore
import MTASystem

/// What waits for the writer thread.
struct WriterInbox {
  /// A group takes at most this much, so that one transaction neither outgrows memory nor keeps the first one waiting.
  static let groupBytes = 16 << 20
  static let groupJobs = 1024

  var jobs: [WriteJob] = []
  /// What changed of contacts and logins.
  var remarks = Remarks()
  /// Those of the group that is being written; still to be read from here.
  var remarksInFlight = Remarks()
  /// When they no longer wait for somebody's commit.
  var remarksDue: MonotonicInstant?
  /// What a reader found wrong with the file.
  var damage: SQLiteFailure?
  var whenHouseKept: [@Sendable () -> Void] = []
  var isClosing = false
  var whenClosed: [@Sendable () -> Void] = []

  /// The work of one transaction.
  struct Group {
    var jobs: [WriteJob]
    var remarks: Remarks
  }

  func hasWork(at now: MonotonicInstant) -> Bool {
    !jobs.isEmpty || remarksDue.map { $0 <= now || isClosing } ?? false
  }

  /// Takes what waits; nil when there is nothing to do yet.
  mutating func takeGroup(at now: MonotonicInstant) -> Group? {
    guard hasWork(at: now) else { return nil }
    var bytes = 0
    var count = 0
    for job in jobs {
      bytes += job.bytes
      if count > 0, bytes > Self.groupBytes || count >= Self.groupJobs { break }
      count += 1
    }
    let taken = Array(jobs.prefix(count))
    if count == jobs.count { jobs.removeAll(keepingCapacity: true) } else { jobs.removeFirst(count) }
    remarksInFlight = remarks
    remarks = Remarks()
    remarksDue = nil
    return Group(jobs: taken, remarks: remarksInFlight)
  }

  /// The group's remarks are durable, or must be tried again later.
  mutating func remarksWritten(_ succeeded: Bool, retryAt: MonotonicInstant) {
    // At the end there is no later.
    if !succeeded, !isClosing {
      remarks.merge(older: remarksInFlight)
      if !remarks.isEmpty, remarksDue == nil { remarksDue = retryAt }
    }
    remarksInFlight = Remarks()
  }
}
