public import MTACore
import NIOConcurrencyHelpers

/// The methods for operators, and so everything that a server needs.
extension MailStore: ServerStore {
  /// Makes the parcels of a held mail due at once, with a whole queue lifetime before them. Both kinds are released: parcels that a
  /// hook held, and parcels that were held because of a fault in the mail.
  ///
  /// - Returns: how many; nil when there is no such mail.
  @discardableResult
  public func release(_ id: MailID) async throws(StoreFailure) -> Int? {
    let now = core.configuration.clock.now
    let expiresAt = now + core.configuration.queueLifetime
    let count = try await core.write { (database) throws(SQLiteFailure) -> Int? in
      guard try database.has(mail: id.description) else { return nil }
      try database.forgetSuspect(id.description)
      return try database.releaseHold(id.description, at: now, expiresAt: expiresAt)
    }
    if let count, count > 0 { core.writer.handOvers.listeners.withLockedValue(\.self).notify() }
    return count
  }

  /// Holds the parcels of a mail that are not done, until ``release(_:)``. A delivery under way is not stopped: if it succeeds, that
  /// counts.
  ///
  /// - Parameter reason: kept with the parcels, on one line; at most 500 characters.
  /// - Returns: how many parcels are held; nil when there is no such mail.
  @discardableResult
  public func hold(_ id: MailID, because reason: String) async throws(StoreFailure) -> Int? {
    let text = Self.line(reason)
    let now = core.configuration.clock.now
    return try await core.write { (database) throws(SQLiteFailure) -> Int? in
      guard try database.has(mail: id.description) else { return nil }
      return try database.hold(id.description, because: text, at: now)
    }
  }

  /// One page of the copies that are not done, oldest first.
  ///
  /// - Parameters:
  ///   - heldOnly: only copies that wait for ``release(_:)``.
  ///   - last: the end of the page before; nil for the first.
  ///   - limit: of copies. If fewer are returned, there are no more.
  public func list(heldOnly: Bool = false, after last: ParcelID? = nil, limit: Int = 1000) async throws(StoreFailure)
    -> [QueueEntry]
  {
    guard limit > 0 else { return [] }
    return try await core.reader.read { (database) throws(SQLiteFailure) in
      try database.unfinished(heldOnly: heldOnly, after: last, limit: limit)
    }
  }
}
