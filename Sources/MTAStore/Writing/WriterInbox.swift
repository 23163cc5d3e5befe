import MTACore
import MTASystem

/// What waits for the writer thread.
struct WriterInbox {
  /// A group takes at most this much, so that one transaction neither outgrows memory nor keeps the first one waiting.
  static let groupBytes = 16 << 20
  static let groupJobs = 1024

  var jobs: [WriteJob] = []
  /// The newest record of each contact that changed.
  var contacts: [ContactKey: ContactRecord] = [:]
  /// Those of the group that is being written; still to be read from here.
  var contactsInFlight: [ContactKey: ContactRecord] = [:]
  /// When the contacts no longer wait for somebody's commit.
  var contactsDue: MonotonicInstant?
  /// What a reader found wrong with the file.
  var damage: SQLiteFailure?
  var whenHouseKept: [@Sendable () -> Void] = []
  var isClosing = false
  var whenClosed: [@Sendable () -> Void] = []

  /// The work of one transaction.
  struct Group {
    var jobs: [WriteJob]
    var contacts: [ContactRecord]
  }

  func hasWork(at now: MonotonicInstant) -> Bool {
    !jobs.isEmpty || contactsDue.map { $0 <= now || isClosing } ?? false
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
    contactsInFlight = contacts
    contacts = [:]
    contactsDue = nil
    return Group(jobs: taken, contacts: Array(contactsInFlight.values))
  }

  /// The group's contacts are durable, or must be tried again later.
  mutating func contactsWritten(_ succeeded: Bool, retryAt: MonotonicInstant) {
    // At the end there is no later.
    if !succeeded, !isClosing {
      contacts.merge(contactsInFlight) { newer, _ in newer }
      if !contacts.isEmpty, contactsDue == nil { contactsDue = retryAt }
    }
    contactsInFlight = [:]
  }
}
