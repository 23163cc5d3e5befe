import CSQLite
import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAStore

/// A store in a folder of its own, removed at the end.
final class StoreFixture: Sendable {
  private let folder = TemporaryFolder()
  var path: String { folder.path }
  let faults = FaultPlan()
  let notices = NIOLockedValueBox<[MailStore.Notice]>([])
  private let next = NIOLockedValueBox<UInt32>(0)

  static let noon = Timestamp(milliseconds: 1_800_000_000_000)
  static let me = LeaseOwner(place: "boot-1", process: 100, mark: 7)
  static let other = LeaseOwner(place: "boot-1", process: 101, mark: 8)
  static let elsewhere = LeaseOwner(place: "boot-2", process: 100, mark: 7)

  var database: String { path + "/state/mta.db" }
  var queue: String { path + "/queue" }

  func configuration(_ change: (inout MailStore.Configuration) -> Void = { _ in }) -> MailStore.Configuration {
    var configuration = MailStore.Configuration(database: database, queue: queue)
    configuration.faults = faults
    // Housekeeping must not meet the fault that is meant for a step of the test.
    configuration.historyDelay = .seconds(3600)
    // What is read comes from the disk.
    configuration.freshMails = 0
    configuration.notice = { [notices] notice in notices.withLockedValue { $0.append(notice) } }
    change(&configuration)
    return configuration
  }

  func open(_ change: (inout MailStore.Configuration) -> Void = { _ in }) throws -> MailStore {
    try MailStore(configuration(change))
  }

  /// Files of content in the queue folder.
  var contentFiles: [String] {
    ((try? DurableFiles().names(in: queue, at: "test")) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  func id() -> MailID {
    MailID(
      at: Self.noon,
      random: next.withLockedValue {
        $0 += 1
        return $0
      })
  }

  /// A mail to one remote recipient, unless told otherwise.
  func envelope(_ id: MailID, to recipients: [EnvelopeRecipient]? = nil, at: Timestamp = noon) throws -> Envelope {
    let recipients = recipients ?? [EnvelopeRecipient(Mailbox("b@remote.example"))]
    return Envelope(
      id: id, reversePath: .mailbox(Mailbox("a@client.example")), recipients: recipients,
      clientAddress: IPAddress("192.0.2.7"), receivedAt: at)
  }

  /// Accepts a mail of the pieces; returns its id.
  @discardableResult
  func commit(
    to store: MailStore, _ pieces: [ByteBuffer] = [ByteBuffer(string: "Subject: x\r\n\r\nhello\r\n")],
    recipients: [EnvelopeRecipient]? = nil, at: Timestamp = noon
  ) async throws -> MailID {
    let id = id()
    let spool = try await store.begin(id)
    do {
      for piece in pieces { try await spool.append(piece) }
      let receipt = try await spool.commit(
        try envelope(id, to: recipients, at: at), trace: ByteBuffer(string: "Received: y\r\n"))
      #expect(receipt.id == id)
      return id
    } catch {
      await spool.abandon()
      throw error
    }
  }

  /// What another program sees: the first column of each row.
  func query(_ sql: String) throws -> [String] {
    var handle: OpaquePointer?
    try #require(sqlite3_open_v2(database, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    defer { sqlite3_close_v2(handle) }
    sqlite3_busy_timeout(handle, 5000)
    var statement: OpaquePointer?
    try #require(
      sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
    defer { sqlite3_finalize(statement) }
    var rows: [String] = []
    while sqlite3_step(statement) == SQLITE_ROW {
      rows.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "NULL")
    }
    return rows
  }
}

extension StoredContent {
  func collected() async throws -> ByteBuffer {
    var all = ByteBuffer()
    try await forEachPiece(of: 10_000) { all.writeImmutableBuffer($0) }
    return all
  }
}

/// `count` bytes that differ from place to place and from seed to seed.
func noise(_ count: Int, seed: Int) -> ByteBuffer {
  var value = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 | 1
  let block = (0..<1009).map { _ in
    value ^= value << 13
    value ^= value >> 7
    value ^= value << 17
    return UInt8(truncatingIfNeeded: value)
  }
  var bytes = ByteBuffer()
  bytes.reserveCapacity(count)
  while bytes.readableBytes < count { bytes.writeBytes(block.prefix(count - bytes.readableBytes)) }
  return bytes
}
