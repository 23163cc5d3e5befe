import MTACore

/// One mail on its way into the database and, if a runner wants it, straight into its hands.
///
/// `@unchecked`: `leased` and `isPromised` are touched by the writer thread alone.
final class HandOver: @unchecked Sendable {
  private let mail: NewMail
  private let taker: ArrivalTaker?
  private var leased: [Parcel] = []
  /// The runner counts on it.
  private var isPromised = false

  init(of mail: NewMail, to taker: ArrivalTaker?) {
    self.mail = mail
    self.taker = mail.isDue ? taker : nil
  }

  /// Whether there is a runner that might take it.
  var hasTaker: Bool { taker != nil }

  /// Within the transaction, and again in another when that was given up.
  func insert(into database: Database) throws(SQLiteFailure) {
    takeBack()
    var lease: NewLease?
    if let taker, let deadline = taker.wants(mail.envelope) {
      isPromised = true
      lease = NewLease(owner: taker.owner, deadline: deadline)
    }
    leased = try database.insert(mail, leasedTo: lease)
  }

  /// After the commit.
  func complete() {
    isPromised = false
    if !leased.isEmpty { taker?.take(ClaimedMail(mail.envelope, parcels: leased)) }
  }

  /// The transaction came to nothing.
  func takeBack() {
    leased = []
    if isPromised { taker?.forget(mail.envelope) }
    isPromised = false
  }

  /// Whether a runner has it.
  var isDone: Bool { !leased.isEmpty }
}
