public import MTACore

/// One durable write of a store: all waiting writes, in one transaction with one sync.
public struct StoreCommit: Hashable, Sendable {
  public let at: Timestamp
  /// Mails that it made durable.
  public let mails: Int
  /// Writes of any kind, mails among them: claims, outcomes, contacts.
  public let writes: Int
  /// From its begin to the end of its sync.
  public let duration: Duration

  package init(at: Timestamp, mails: Int, writes: Int, duration: Duration) {
    self.at = at
    self.mails = mails
    self.writes = writes
    self.duration = duration
  }
}
