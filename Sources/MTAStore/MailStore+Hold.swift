public import MTACore
import NIOConcurrencyHelpers

extension MailStore {
  /// Makes the parcels of a held mail due at once, with a whole queue lifetime before them: those that a hook's verdict
  /// held, and those that were set aside because something was wrong with the mail.
  ///
  /// - Returns: how many; 0 when there is no such mail, or nothing of it is held.
  @discardableResult
  public func release(_ id: MailID) async throws(StoreFailure) -> Int {
    let now = core.configuration.clock.now
    let expiresAt = now + core.configuration.queueLifetime
    let count = try await core.write { (database) throws(SQLiteFailure) in
      try database.releaseHold(id.description, at: now, expiresAt: expiresAt)
    }
    if count > 0 { core.writer.onArrival.withLockedValue { $0 }?() }
    return count
  }
}
