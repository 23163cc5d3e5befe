import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// The one thread that writes to the database, with group commit. It takes all work that waits, writes it in one transaction with one
/// sync, and answers all callers. There is no timer: while one sync lasts, the next group gathers. If several callers are active, it
/// yields the processor first, so that callers which are about to submit join the group.
///
/// `@unchecked`: once the thread was started, it alone uses ``database``, ``withdrawn`` and the instants.
final class WriterThread: @unchecked Sendable {
  /// Contacts and logins wait at most this long for another commit.
  static let remarkDelay: Int64 = 900

  private let inbox = Monitor(WriterInbox())
  private let open: @Sendable () throws(SQLiteFailure) -> Database
  /// Repairs a file that was found damaged.
  private let repair: @Sendable (SQLiteFailure) throws(SQLiteFailure) -> Void
  private let clock: any WallClock
  private let removeFiles: @Sendable ([String]) -> Void
  private let removeResisting: @Sendable () -> Void
  private let notice: @Sendable (MailStore.Notice) -> Void
  private let committed: (@Sendable (StoreCommit) -> Void)?
  private let historyRetention: Duration
  private let contactRetention: Duration
  private let sparePages: Int
  private let repairPause: Int64
  let counters = NIOLockedValueBox(MailStore.Statistics())
  let handOvers = HandOverDesk()

  /// Nil after a failed sync, until it is opened again.
  private var database: Database?
  /// Mails whose commit failed with unknown outcome. The next transaction deletes their rows. Their files are deleted after that: until
  /// the log is written over, a restart could bring the rows back.
  private var withdrawn: [WriteJob.Mail] = []
  /// The file's damage, until it is repaired; and the earliest time of the next repair.
  private var damage: SQLiteFailure?
  private var nextRepair = MonotonicInstant.now
  private var housekeeping: Housekeeping

  init(
    _ database: consuming sending Database, configuration: MailStore.Configuration,
    removeFiles: @escaping @Sendable ([String]) -> Void,
    removeResisting: @escaping @Sendable () -> Void,
    open: @escaping @Sendable () throws(SQLiteFailure) -> Database,
    repair: @escaping @Sendable (SQLiteFailure) throws(SQLiteFailure) -> Void
  ) {
    self.database = database
    self.open = open
    self.repair = repair
    self.removeFiles = removeFiles
    self.removeResisting = removeResisting
    clock = configuration.clock
    notice = configuration.notice
    committed = configuration.committed
    historyRetention = configuration.historyRetention
    contactRetention = configuration.contactRetention
    sparePages = configuration.sparePages
    repairPause = configuration.repairPause.wholeMilliseconds
    housekeeping = Housekeeping(now: .now, historyDelay: configuration.historyDelay)
  }

  func start() { startThread { self.run() } }

  // MARK: Any thread

  func submit(_ job: WriteJob) {
    var refused = false
    inbox.signal { inbox in
      refused = inbox.isClosing
      if !refused { inbox.jobs.append(job) }
      return !refused && inbox.jobs.count == 1
    }
    if refused { job.finish(.rolledBack(.closed)) }
  }

  func save(_ record: ContactRecord) { remark { $0.add(record) } }
  func save(_ login: LoginRecord) { remark { $0.add(login) } }
  func save(_ limit: LimitRecord) { remark { $0.add(limit) } }

  private func remark(_ body: (inout Remarks) -> Void) {
    inbox.signal { inbox in
      guard !inbox.isClosing else { return false }
      body(&inbox.remarks)
      guard inbox.remarksDue == nil else { return false }
      inbox.remarksDue = MonotonicInstant.now.after(milliseconds: Self.remarkDelay)
      return true
    }
  }

  /// Does all of the housekeeping now, then calls `done`. For tests, which cannot wait for it.
  func keepHouse(_ done: @escaping @Sendable () -> Void) {
    inbox.signal { inbox in
      inbox.whenHouseKept.append(done)
      return true
    }
  }

  /// The record, if it has not reached the database yet.
  func pendingContact(_ key: ContactKey) -> ContactRecord? {
    inbox.withLock { $0.remarks.contacts[key] ?? $0.remarksInFlight.contacts[key] }
  }

  func pendingLimit(_ key: LimitKey) -> LimitRecord? {
    inbox.withLock { $0.remarks.limits[key] ?? $0.remarksInFlight.limits[key] }
  }

  /// The login, if it has not reached the database yet.
  func pendingLogin(to account: LoginAccount, from network: ContactKey) -> Timestamp? {
    inbox.withLock {
      $0.remarks.lastLogin(to: account, from: network) ?? $0.remarksInFlight.lastLogin(to: account, from: network)
    }
  }

  /// Notes that the file is damaged. It is repaired before the next group.
  func found(_ damage: SQLiteFailure) { inbox.withLock { $0.damage = damage } }

  var isClosed: Bool { inbox.withLock { $0.isClosing } }

  /// Takes no more work, writes what waits, closes the database, then calls `done`.
  func close(_ done: @escaping @Sendable () -> Void) {
    let isOver: Bool = inbox.withLock { inbox in
      guard !inbox.isClosing || !inbox.whenClosed.isEmpty else { return true }
      inbox.isClosing = true
      inbox.whenClosed.append(done)
      return false
    }
    if isOver { done() } else { inbox.wakeAll() }
  }

  // MARK: The thread

  private enum Turn {
    case work
    case house
    case end
  }

  private func run() {
    // Whether the latest group had mails of several.
    var isShared = false
    while true {
      let idleEnd = housekeeping.nextIdle
      let turn: Turn? = inbox.wait(
        until: { inbox in inbox.remarksDue.map { min($0, idleEnd) } ?? idleEnd },
        take: { inbox in
          inbox.hasWork(at: .now) ? .work : !inbox.whenHouseKept.isEmpty ? .house : inbox.isClosing ? .end : nil
        })
      switch turn {
      case .work:
        if isShared { letOthersRun() }
        guard let group = inbox.withLock({ $0.takeGroup(at: .now) }) else { continue }
        isShared = group.jobs.count > 1
        write(group)
        if housekeeping.committed(pagesInLog: database?.pagesInLog ?? 0, at: .now) == .checkpoint { checkpoint() }
      case .house: keepAllHouse()
      case nil: keepHouse()
      case .end:
        // Mails that were refused must not be there at the next start; where that cannot be helped, they come twice.
        if !withdrawn.isEmpty { _ = attempt([], Remarks()) }
        checkpoint(truncating: true)
        database = nil
        let waiting: [@Sendable () -> Void] = inbox.withLock { inbox in
          defer { inbox.whenClosed = [] }
          return inbox.whenClosed
        }
        for done in waiting { done() }
        return
      }
    }
  }

  private func write(_ group: WriterInbox.Group) {
    let begin = MonotonicInstant.now
    var jobs = group.jobs
    var remarks = group.remarks
    while true {
      switch attempt(jobs, remarks) {
      case .committed:
        inbox.withLock { $0.remarksWritten(true, retryAt: .now) }
        let duration = begin.elapsed
        for job in jobs { job.finish(.committed) }
        tell(jobs, duration)
        if jobs.contains(where: { $0.mail?.isToBeFound() == true }) {
          handOvers.listeners.withLockedValue(\.self).notify()
        }
        return
      case .job(let index, let failure):
        // One job's own fault: the others are written without it.
        jobs[index].finish(.rolledBack(failure.storeFailure))
        jobs.remove(at: index)
        if jobs.isEmpty, remarks.isEmpty {
          inbox.withLock { $0.remarksWritten(true, retryAt: .now) }
          return
        }
      case .remarks(let failure):
        // They would fail again: forgotten, as a crash might have it.
        report("contacts and logins not saved: \(failure)")
        remarks = Remarks()
        if jobs.isEmpty {
          inbox.withLock { $0.remarksWritten(true, retryAt: .now) }
          return
        }
      case .group(let failure, let isUncertain):
        inbox.withLock { $0.remarksWritten(false, retryAt: Self.retry) }
        report("commit failed: \(failure)")
        for job in jobs {
          job.finish(isUncertain ? .uncertain(failure.storeFailure) : .rolledBack(failure.storeFailure))
        }
        return
      }
    }
  }

  /// Behind the answers: nobody waits for it.
  private func tell(_ jobs: [WriteJob], _ duration: Duration) {
    guard let committed else { return }
    committed(StoreCommit(at: clock.now, mails: jobs.count { $0.mail != nil }, writes: jobs.count, duration: duration))
  }

  private static var retry: MonotonicInstant { .now.after(milliseconds: remarkDelay) }

  private enum Attempt {
    case committed
    case job(Int, SQLiteFailure)
    case remarks(SQLiteFailure)
    case group(SQLiteFailure, isUncertain: Bool)
  }

  private func attempt(_ jobs: [WriteJob], _ remarks: Remarks) -> Attempt {
    let database: Database
    do { database = try connection() } catch { return .group(error, isUncertain: false) }
    handOvers.begin()
    do throws(SQLiteFailure) {
      try database.run("BEGIN IMMEDIATE", at: "store.begin")
      for mail in withdrawn { try database.withdraw(mail.id) }
    } catch {
      giveUp(database, after: error)
      return .group(error, isUncertain: false)
    }
    do throws(SQLiteFailure) {
      if !remarks.isEmpty { try database.save(remarks, at: clock.now) }
    } catch {
      giveUp(database, after: error)
      return error.isOfStatement ? .remarks(error) : .group(error, isUncertain: false)
    }
    for (index, job) in jobs.enumerated() {
      do { try job.body(database) } catch {
        giveUp(database, after: error)
        return error.isOfStatement ? .job(index, error) : .group(error, isUncertain: false)
      }
    }
    do throws(SQLiteFailure) {
      try database.run("COMMIT", at: "store.commit")
      try database.pass("store.committed")
    } catch {
      // Whether the transaction is on the disk is not known, and a second sync would not tell: the system may have
      // dropped the pages that it could not write. The connection goes, and what may be there is taken back.
      database.rollBack()
      reopenLater(after: error)
      withdrawn += jobs.compactMap(\.mail)
      return .group(error, isUncertain: true)
    }
    counters.withLockedValue {
      $0.transactions += 1
      $0.jobs += jobs.count
      $0.mails += jobs.count { $0.mail != nil }
    }
    if !withdrawn.isEmpty {
      removeFiles(withdrawn.compactMap(\.contentFile))
      withdrawn = []
    }
    return .committed
  }

  private func connection() throws(SQLiteFailure) -> Database {
    if let found = inbox.withLock({ $0.damage.take() }) {
      damage = found
      database = nil
    }
    if let damage {
      // A salvage reads all of the file: one that fails is not tried again for each group.
      guard nextRepair <= .now else { throw damage }
      nextRepair = .now.after(milliseconds: repairPause)
      try repair(damage)
      self.damage = nil
      nextRepair = .now
    }
    if let database { return database }
    let opened = try open()
    database = opened
    return opened
  }

  private func giveUp(_ database: Database, after failure: SQLiteFailure) {
    database.rollBack()
    if !failure.isOfStatement, !failure.isBusy, !failure.isFull { reopenLater(after: failure) }
  }

  private func reopenLater(after failure: SQLiteFailure) {
    database = nil
    if failure.isDamage { damage = failure }
    counters.withLockedValue { $0.reopenings += 1 }
  }

  // MARK: Housekeeping

  private func keepHouse() {
    let now = MonotonicInstant.now
    switch housekeeping.takeIdleTask(at: now) {
    case .checkpoint: checkpoint()
    case .history:
      removeResisting()
      let more = removeHistory()
      housekeeping.historyRemoved(more: more, at: .now)
    case nil: break
    }
  }

  private func keepAllHouse() {
    removeResisting()
    // Space is given back when nothing old is left.
    for _ in 0..<2 { while removeHistory() {} }
    checkpoint()
    let waiting: [@Sendable () -> Void] = inbox.withLock { inbox in
      defer { inbox.whenHouseKept = [] }
      return inbox.whenHouseKept
    }
    for done in waiting { done() }
  }

  private func checkpoint(truncating: Bool = false) {
    // Whatever comes of it, the next one is due only after further commits.
    defer { housekeeping.checkpointed() }
    guard let database else { return }
    do throws(SQLiteFailure) {
      try database.checkpoint(truncating: truncating || housekeeping.logIsLarge)
      counters.withLockedValue { $0.checkpoints += 1 }
    } catch {
      // Nothing is lost: all is in the log, and the next connection tries again.
      report("checkpoint failed: \(error)")
      reopenLater(after: error)
    }
  }

  /// - Returns: whether there is more to remove.
  private func removeHistory() -> Bool {
    let limit = 200
    do throws(SQLiteFailure) {
      let database = try connection()
      let now = clock.now
      let (cutoff, contactCutoff) = (now - historyRetention, now - contactRetention)
      // Most of the time there is nothing old, and then nothing is written.
      var isDue = try database.hasHistory(before: cutoff)
      if !isDue { isDue = try database.hasOldContacts(before: contactCutoff, now: now) }
      if !isDue { isDue = try database.hasOldLogins(before: contactCutoff) }
      // Two days: then all that was counted within a day is over.
      let limitCutoff = now - .seconds(172_800)
      if !isDue { isDue = try database.hasOldLimitRecords(before: limitCutoff) }
      guard isDue else {
        try database.giveSpaceBack(sparing: sparePages)
        return false
      }
      try database.run("BEGIN IMMEDIATE", at: "history.begin")
      let removed = try database.removeHistory(before: cutoff, limit: limit)
      let contacts = try database.removeOldContacts(before: contactCutoff, now: now, limit: limit)
      let logins = try database.removeOldLogins(before: contactCutoff, limit: limit)
      let limits = try database.removeOldLimitRecords(before: limitCutoff, limit: limit)
      try database.run("COMMIT", at: "history.commit")
      removeFiles(removed.files)
      _ = housekeeping.committed(pagesInLog: database.pagesInLog, at: .now)
      return [removed.count, contacts, logins, limits].contains(limit)
    } catch {
      database?.rollBack()
      if !error.isBusy { reopenLater(after: error) }
      report("history not removed: \(error)")
      return false
    }
  }

  private func report(_ text: String) { notice(MailStore.Notice(text, isTrouble: true)) }
}
