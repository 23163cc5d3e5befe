public import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// The methods for operators, and so everything that a server needs.
extension MailStore: ServerStore {
  public func list(
    _ selection: QueueSelection = QueueSelection(), after last: ParcelID? = nil, limit: Int = 1000
  ) async throws(StoreFailure) -> [QueueEntry] {
    guard limit > 0 else { return [] }
    return try await core.reader.read { (database) throws(SQLiteFailure) in
      try database.unfinished(selection, after: last, limit: limit)
    }
  }

  /// ``QueueChange/release`` also makes a mail count as harmless again that was held because of a fault in it.
  @discardableResult
  public func change(
    _ change: QueueChange, _ selection: QueueSelection, after last: ParcelID? = nil, limit: Int = 1000
  ) async throws(StoreFailure) -> QueueChangePage {
    guard limit > 0 else { return QueueChangePage() }
    let now = core.configuration.clock.now
    let expiresAt = now + core.configuration.queueLifetime
    let change = change.onOneLine
    let (page, files) = try await core.write { (database) throws(SQLiteFailure) in
      try database.change(change, selection, after: last, limit: limit, at: now, expiresAt: expiresAt)
    }
    // After the commit, as with what is settled by a runner.
    if !files.isEmpty {
      let folder = core.folder
      core.files.start { folder.remove(files) }
    }
    if page.changed > 0 { core.writer.handOvers.listeners.withLockedValue(\.self).notify() }
    return page
  }

  public func queuedMail(_ id: MailID) async throws(StoreFailure) -> QueuedMail? {
    let row = try await core.reader.read { (database) throws(SQLiteFailure) in try database.queuedMail(id) }
    guard let row else { return nil }
    return QueuedMail(
      envelope: try? EnvelopeText.decode(row.envelope), size: row.size, createdAt: row.createdAt,
      settledAt: row.settledAt, copies: row.copies)
  }
}

extension QueueChange {
  /// The same, with its reason on one line of at most 500 characters.
  fileprivate var onOneLine: QueueChange {
    switch self {
    case .hold(let reason): .hold(reason: MailStore.line(reason))
    case .bounce(let reason): .bounce(reason: MailStore.line(reason))
    case .delete(let reason): .delete(reason: MailStore.line(reason))
    case .release, .forceRelease, .retry, .move: self
    }
  }
}
