import MTACore

/// One caller's part of a transaction.
struct WriteJob: Sendable {
  /// A mail that the job makes durable.
  struct Mail: Sendable {
    let id: MailID
    /// The name of its content file, if it has one.
    let contentFile: String?
    /// Whether a runner must be told of it. Asked once the job is finished.
    let isToBeFound: @Sendable () -> Bool
  }

  /// About how much the transaction grows by this job.
  var bytes = 0
  var mail: Mail?
  /// Runs within the transaction, and again in another if the first was given up. So effects elsewhere must allow repetition.
  var body: @Sendable (Database) throws(SQLiteFailure) -> Void
  /// Called once with the result; must return at once.
  var finish: @Sendable (WriteEnd) -> Void
}

/// The result of a ``WriteJob``.
enum WriteEnd: Sendable {
  /// The job is on stable storage.
  case committed
  /// Nothing of the job is stored.
  case rolledBack(StoreFailure)
  /// The commit itself failed. The writer removes what may be stored. It also removes the files that the mail names.
  case uncertain(StoreFailure)
}
