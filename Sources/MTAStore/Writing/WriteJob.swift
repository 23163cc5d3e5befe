import MTACore

/// One caller's part of a transaction.
struct WriteJob: Sendable {
  /// A mail that the job makes durable.
  struct Mail: Sendable {
    let id: MailID
    /// The name of its content file, if it has one.
    let contentFile: String?
    /// Whether a runner is to be told of it. Asked once the job is finished.
    let isToBeFound: @Sendable () -> Bool
  }

  /// About how much the transaction grows by it.
  var bytes = 0
  var mail: Mail?
  /// Runs within the transaction, and again in another when the first was given up: it must have no effect elsewhere
  /// that does not stand being repeated.
  var body: @Sendable (Database) throws(SQLiteFailure) -> Void
  /// Called once, with what became of it; must return at once.
  var finish: @Sendable (WriteEnd) -> Void
}

/// What became of a ``WriteJob``.
enum WriteEnd: Sendable {
  /// It is on stable storage.
  case committed
  /// Nothing of it is.
  case rolledBack(StoreFailure)
  /// The commit itself failed. The writer takes back what may be there; files that the mail names are left to it.
  case uncertain(StoreFailure)
}
