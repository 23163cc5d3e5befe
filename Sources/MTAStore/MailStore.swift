public import MTACore
import MTASystem
import NIOConcurrencyHelpers
public import NIOCore

/// The durable queue and the contacts, in one SQLite file and a folder for large content.
///
/// `Docs/DURABILITY.md` says what a receipt promises, and what a crash leaves at each step. Several processes may have the same store
/// open; leases keep their runners apart.
///
/// ```swift
/// let store = try MailStore(.init(database: "mta.db", queue: "queue"))
/// let spool = try await store.begin(id)
/// try await spool.append(piece)
/// let receipt = try await spool.commit(envelope, trace: trace)   // now, and only now: 250
/// ```
public final class MailStore: Sendable {
  let core: StoreCore

  /// Opens the store, makes what is missing, and cleans up after a crash. Blocks on the disk.
  ///
  /// - Throws: ``OpenFailure``, also for a file that is not a queue, damaged, or of a newer version. The file is left as it was.
  public init(_ configuration: Configuration) throws(OpenFailure) {
    core = try StoreCore(configuration)
  }

  deinit { core.close {} }

  /// Writes what waits, and closes the files. Later calls throw ``StoreFailure/closed``.
  public func close() async {
    await withCheckedContinuation { continuation in core.close { continuation.resume() } }
  }

  public var statistics: Statistics { core.writer.counters.withLockedValue { $0 } }
}

extension MailStore: MessageStore {
  /// All: the store keeps each request with the mail. A parcel with FUTURERELEASE is not due before its time.
  public var capabilities: DeliveryCapabilities { .all }

  public func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool {
    guard !core.isClosed else { throw .closed }
    return Spool(core, id)
  }

  /// Compares envelope, trace and size with the row of the mail. A crash may have left the row in the log but not on the disk, so the
  /// answer comes after a sync of its own.
  public func receipt(of envelope: Envelope, trace: ByteBuffer, size: Int) async throws(StoreFailure) -> StoreReceipt? {
    guard !core.isClosed else { throw .closed }
    let id = envelope.id
    let found = try await core.write { (database) throws(SQLiteFailure) in
      try database.touch(id, trace: trace, size: size)
    }
    // As it would be read back: a number may have lost its form on the way.
    guard let found, var stored = try? EnvelopeText.decode(found) else { return nil }
    stored.reportedAt = nil
    guard stored == (try EnvelopeText.decode(EnvelopeText.encode(envelope))) else { return nil }
    return StoreReceipt(durablyStored: id)
  }
}

extension MailStore: ContactStore {
  public func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord? {
    guard !core.isClosed else { throw .closed }
    // Memory before the database: what is not in memory any more was committed before we look there.
    if let pending = core.writer.pendingContact(key) { return pending }
    return try await core.reader.read { (database) throws(SQLiteFailure) in try database.contact(key) }
  }

  public func save(_ record: ContactRecord) { core.writer.save(record) }
}

extension MailStore: LoginStore {
  public func lastLogin(
    to account: LoginAccount, from network: ContactKey
  ) async throws(StoreFailure) -> Timestamp? {
    guard !core.isClosed else { throw .closed }
    if let pending = core.writer.pendingLogin(to: account, from: network) { return pending }
    return try await core.reader.read { (database) throws(SQLiteFailure) in
      try database.lastLogin(to: account, from: network)
    }
  }

  public func save(_ login: LoginRecord) { core.writer.save(login) }
}
