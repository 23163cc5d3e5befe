import Logging
import MTACore
import MTADelivery
import MTAReceiver
import MTAStore
import MTASystem

/// The store of a server, open: the program's own, or that of the settings.
struct OpenStore: Sendable {
  let store: any ServerStore
  /// Rung when a mail is held because our own work broke off at it. A store of the program's own rings nothing.
  let suspects: (bell: AsyncStream<Void>, ring: AsyncStream<Void>.Continuation)
  /// It is the store of the settings, which reads the record that `TrapRecord` writes.
  let countsTraps: Bool

  /// - Parameters:
  ///   - committed: told by the store of the settings of each durable write.
  ///   - damaged: told by it of each mail whose content does not match its checksum.
  ///   - notice: told by it what an operator should know.
  init(
    _ settings: Settings, _ parts: MailServer.Parts, committed: (@Sendable (StoreCommit) -> Void)? = nil,
    damaged: @escaping @Sendable (MailID) -> Void = { _ in },
    notice: @escaping @Sendable (MailStore.Notice) -> Void
  ) throws(StartFailure) {
    let (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    suspects = (bell, ring)
    countsTraps = parts.store == nil
    if let make = parts.store {
      store = try made("store", make)
      return
    }
    var configuration = settings.store
    configuration.suspectHeld = { ring.yield() }
    configuration.notice = notice
    configuration.committed = committed
    configuration.contentDamaged = damaged
    do { store = try MailStore(configuration) } catch { throw StartFailure(error) }
  }

  /// Of a process that has no queue.
  init(_ absent: AbsentQueue) {
    store = absent
    let (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    suspects = (bell, ring)
    countsTraps = false
  }

  init(
    _ settings: Settings, _ parts: MailServer.Parts, logger: Logger,
    committed: (@Sendable (StoreCommit) -> Void)? = nil,
    damaged: @escaping @Sendable (MailID) -> Void = { _ in }
  ) throws(StartFailure) {
    try self.init(settings, parts, committed: committed, damaged: damaged) { notice in
      if notice.isTrouble { logger.error("\(notice)") } else { logger.info("\(notice)") }
    }
  }
}

extension Settings {
  /// Where the store writes.
  var storeFolders: [String] { [DurableFiles.parent(of: database), mailQueue] }

  /// What the store is told.
  var store: MailStore.Configuration {
    var configuration = MailStore.Configuration(database: database, queue: mailQueue)
    configuration.contactPrefix = receiver.contacts.prefixLength
    configuration.queueLifetime = queueLifetime
    // What arrives waits where the runner will look for it.
    configuration.lane =
      LaneNames(routes: routeTable { DeliveryRoute($0.target) }, hasSmarthost: smarthost != nil).lane
    return configuration
  }
}
