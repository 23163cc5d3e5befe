import MTACore
import NIOConcurrencyHelpers

/// Decides which mails of the transaction that is being written go to runners of this process, as far as they can take them.
///
/// `@unchecked`: only the writer thread uses `open`.
final class HandOverDesk: @unchecked Sendable {
  /// The listeners for arriving mails. The writer thread calls them.
  let listeners = NIOLockedValueBox(ArrivalListeners())
  /// What each runner can still take in this transaction, once it was asked.
  private var open: [(listener: ArrivalListener, intake: Intake)] = []
  /// Whether the runners were asked in this transaction.
  private var hasAsked = false

  var hasListener: Bool { listeners.withLockedValue { !$0.isEmpty } }

  /// A transaction begins, perhaps after another was given up. What was handed over in that one does not count.
  func begin() { (open, hasAsked) = ([], false) }

  /// Finds a runner for a mail. The mail counts from now on.
  func taker(of mail: NewMail) -> (listener: ArrivalListener, deadline: Timestamp)? {
    guard mail.isDue else { return nil }
    if !hasAsked {
      hasAsked = true
      open = listeners.withLockedValue(\.self).compactMap { listener in listener.intake().map { (listener, $0) } }
    }
    guard !open.isEmpty else { return nil }
    let lanes = mail.unfinishedLanes
    for index in open.indices where open[index].intake.admits(lanes) {
      return (open[index].listener, open[index].intake.deadline)
    }
    return nil
  }
}

/// One mail on its way into the database and, if a runner can take it, to that runner.
///
/// `@unchecked`: only the writer thread uses `leased` and `taker`.
final class HandOver: @unchecked Sendable {
  private let mail: NewMail
  private let desk: HandOverDesk
  private var leased: [Parcel] = []
  private var taker: ArrivalListener?

  init(of mail: NewMail, by desk: HandOverDesk) {
    self.mail = mail
    self.desk = desk
  }

  /// Runs within the transaction, and again in another if that was given up.
  func insert(into database: Database) throws(SQLiteFailure) {
    leased = []
    let found = desk.taker(of: mail)
    taker = found?.listener
    leased = try database.insert(
      mail, leasedTo: found.map { NewLease(owner: $0.listener.owner, deadline: $0.deadline) })
  }

  /// Called after the commit.
  func complete() { if !leased.isEmpty { taker?.take(ClaimedMail(mail.envelope, parcels: leased)) } }

  /// Whether a runner got the mail.
  var isDone: Bool { !leased.isEmpty }
}
