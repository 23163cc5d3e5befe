import MTACore
import NIOConcurrencyHelpers

/// Who gets the mails of the transaction that is being written: the runners of this process, as far as they can take them.
///
/// `@unchecked`: what is open is touched by the writer thread alone.
final class HandOverDesk: @unchecked Sendable {
  /// Who hears of mails, and takes them, as they come: asked and told on the writer thread.
  let listeners = NIOLockedValueBox(ArrivalListeners())
  /// What is left of what each can take in this transaction, once they were asked.
  private var open: [(listener: ArrivalListener, intake: Intake)] = []
  /// Whether a mail of this transaction came.
  private var hasAsked = false

  var hasListener: Bool { listeners.withLockedValue { !$0.isEmpty } }

  /// A transaction begins, perhaps because another was given up: what was handed over in that one is not.
  func begin() { (open, hasAsked) = ([], false) }

  /// Finds a runner for a mail; it counts from now on.
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

/// One mail on its way into the database and, if a runner can take it, straight into its hands.
///
/// `@unchecked`: `leased` and `taker` are touched by the writer thread alone.
final class HandOver: @unchecked Sendable {
  private let mail: NewMail
  private let desk: HandOverDesk
  private var leased: [Parcel] = []
  private var taker: ArrivalListener?

  init(of mail: NewMail, by desk: HandOverDesk) {
    self.mail = mail
    self.desk = desk
  }

  /// Within the transaction, and again in another when that was given up.
  func insert(into database: Database) throws(SQLiteFailure) {
    leased = []
    let found = desk.taker(of: mail)
    taker = found?.listener
    leased = try database.insert(
      mail, leasedTo: found.map { NewLease(owner: $0.listener.owner, deadline: $0.deadline) })
  }

  /// After the commit.
  func complete() { if !leased.isEmpty { taker?.take(ClaimedMail(mail.envelope, parcels: leased)) } }

  /// Whether a runner has it.
  var isDone: Bool { !leased.isEmpty }
}
