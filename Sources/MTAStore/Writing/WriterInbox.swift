import MTACore
import MTASystem

/// The work that waits for the writer thread.
struct WriterInbox {
  /// The largest group. So a transaction does not outgrow memory, and its first caller does not wait too long.
  static let groupBytes = 16 << 20
  static let groupJobs = 1024

  var jobs: [WriteJob] = []
  /// Changed contacts and logins.
  var remarks = Remarks()
  /// Those in the group that is being written. They are still read from here.
  var remarksInFlight = Remarks()
  /// When they are written even without another commit.
  var remarksDue: MonotonicInstant?
  /// Damage of the file that a reader met.
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

  /// Takes the work that waits; nil if there is none yet.
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

  /// The group's contacts and logins are durable, or must be written later.
  mutating func remarksWritten(_ succeeded: Bool, retryAt: MonotonicInstant) {
    // At the end there is no later.
    if !succeeded, !isClosing {
      remarks.merge(older: remarksInFlight)
      if !remarks.isEmpty, remarksDue == nil { remarksDue = retryAt }
    }
    remarksInFlight = Remarks()
  }
}
