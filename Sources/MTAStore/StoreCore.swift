import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// The shared part of an open store: folder, threads, connections.
final class StoreCore: Sendable {
  let configuration: MailStore.Configuration
  let folder: ContentFolder
  /// The threads for content files: these calls block, and callers are event loops.
  let files: WorkerThreads
  let writer: WriterThread
  let reader: Reader
  let fresh: FreshMails
  let owners: LeaseFolder
  /// What operators say about clients, as it was last read.
  let orders = NIOLockedValueBox(KnownOrders())
  /// And about users and domains.
  let accountOrders = NIOLockedValueBox(KnownAccountOrders())
  private let lock: StoreLock

  init(_ configuration: MailStore.Configuration) throws(MailStore.OpenFailure) {
    self.configuration = configuration
    let opening = StoreOpening(configuration)
    let lock = try opening.prepareFolders()
    let (database, isAlone) = try opening.open(under: lock)
    self.lock = lock
    let folder = opening.folder
    // Where another process has the store open it may be of an earlier version, whose runners have no files.
    owners = LeaseFolder(folder.path + "/.owners", files: folder.files, strangersLive: !isAlone)
    let files = WorkerThreads(count: configuration.fileThreads)
    self.folder = folder
    self.files = files
    fresh = FreshMails(limit: configuration.freshMails)
    let reader = Reader { () throws(SQLiteFailure) in try opening.connect(forWriting: false) }
    self.reader = reader
    writer = WriterThread(
      database, configuration: configuration, removeFiles: { names in files.start { folder.remove(names) } },
      removeResisting: { files.start { folder.removeResisting() } },
      open: { () throws(SQLiteFailure) in try opening.connect(forWriting: true) },
      repair: { (failure) throws(SQLiteFailure) in
        try reader.whileClosed { () throws(SQLiteFailure) in try opening.repair(after: failure, under: lock) }
      })
    reader.whenDamaged { [writer] in writer.found($0) }
    writer.start()
  }

  struct KnownOrders: Sendable {
    /// Of the table, when they were read.
    var mark: String?
    var orders: [ClientOrder] = []
  }

  struct KnownAccountOrders: Sendable {
    var mark: String?
    var orders: [AccountOrder] = []
  }

  var isClosed: Bool { writer.isClosed }

  /// Group commit: returns when the mail is durable, or when it failed.
  func insert(_ mail: NewMail) async -> WriteEnd {
    let handOver = HandOver(of: mail, by: writer.handOvers)
    return await withCheckedContinuation { [fresh, writer] continuation in
      writer.submit(
        WriteJob(
          bytes: mail.trace.readableBytes + (mail.content?.readableBytes ?? 0),
          mail: WriteJob.Mail(
            id: mail.envelope.id, contentFile: mail.contentFile,
            isToBeFound: { mail.isDue && !handOver.isDone }),
          body: { (database) throws(SQLiteFailure) in try handOver.insert(into: database) },
          finish: { end in
            if case .committed = end {
              // Without a runner in this process nobody would read it.
              if writer.handOvers.hasListener { fresh.keep(mail) }
              handOver.complete()
            }
            continuation.resume(returning: end)
          }))
    }
  }

  /// Runs `body` within a transaction of the writer thread; returns its value when that is durable.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws(SQLiteFailure) -> Value
  ) async throws(StoreFailure) -> Value {
    let slot = Slot<Value>()
    let end: WriteEnd = await withCheckedContinuation { continuation in
      writer.submit(
        WriteJob(
          body: { (database) throws(SQLiteFailure) in slot.value = try body(database) },
          finish: { continuation.resume(returning: $0) }))
    }
    switch end {
    case .committed: break
    case .rolledBack(let failure), .uncertain(let failure): throw failure
    }
    guard let value = slot.value else { throw .failed("the writer gave no value") }
    return value
  }

  /// `@unchecked`: written by the writer thread before it finishes the job, read by the caller after.
  private final class Slot<Value>: @unchecked Sendable {
    var value: Value?
  }

  func close(_ done: @escaping @Sendable () -> Void) {
    writer.close { [reader, files, lock] in
      reader.close {
        files.close {
          // Only now does nothing of this store write any more. A lock that cannot be given back ends with the file.
          try? lock.release()
          done()
        }
      }
    }
  }

  /// Holds a mail, and gives notice if it was not held for that before.
  ///
  /// - Returns: whether it was not.
  @discardableResult
  func hold(_ id: MailID, because reason: String) async -> Bool {
    let now = configuration.clock.now
    do {
      let isNews = try await write { (database) throws(SQLiteFailure) in
        let isNews = try !database.isHeld(id.description, because: reason)
        let count = try database.hold(id.description, because: reason, at: now)
        return isNews && count > 0
      }
      if isNews { reportHeld(id.description, reason) }
      return isNews
    } catch {
      configuration.notice(MailStore.Notice("mail \(id) cannot be held: \(error)", isTrouble: true))
      return false
    }
  }

  func reportHeld(_ id: String, _ reason: String) {
    configuration.notice(MailStore.Notice("mail \(id) is held: \(reason)", isTrouble: true))
  }
}
