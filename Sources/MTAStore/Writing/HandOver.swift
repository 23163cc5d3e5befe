import MTACore

/// One mail on its way into the database and, if a runner wants it, straight into its hands.
///
/// `@unchecked`: `leased` and `taker` are touched by the writer thread alone.
final class HandOver: @unchecked Sendable {
  private let mail: NewMail
  private let listeners: ArrivalListeners
  private var leased: [Parcel] = []
  /// The runner that wants it, and counts on it.
  private var taker: ArrivalListener?

  init(of mail: NewMail, to listeners: ArrivalListeners) {
    self.mail = mail
    self.listeners = mail.isDue ? listeners : ArrivalListeners()
  }

  /// Whether there is a runner that might take it.
  var hasListener: Bool { !listeners.isEmpty }

  /// Within the transaction, and again in another when that was given up.
  func insert(into database: Database) throws(SQLiteFailure) {
    takeBack()
    var lease: NewLease?
    for listener in listeners {
      guard let deadline = listener.wants(mail.envelope) else { continue }
      taker = listener
      lease = NewLease(owner: listener.owner, deadline: deadline)
      break
    }
    leased = try database.insert(mail, leasedTo: lease)
  }

  /// After the commit.
  func complete() {
    if !leased.isEmpty { taker?.take(ClaimedMail(mail.envelope, parcels: leased)) }
    taker = nil
  }

  /// The transaction came to nothing.
  func takeBack() {
    leased = []
    taker?.forget(mail.envelope)
    taker = nil
  }

  /// Whether a runner has it.
  var isDone: Bool { !leased.isEmpty }
}
