import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// The store as mail comes to it from outside: it takes none while less than `minimumFreeBytes` is free, so that deliveries, which write
/// reports and outcomes, have what is left. Those use the store itself.
final class ReservedStore: MessageStore {
  private let store: any MessageStore
  private let folders: [String]
  private let least: Int
  private let logger: Logger
  private let freeBytes: @Sendable (String) -> Int?
  private let state = NIOLockedValueBox(State())

  private struct State {
    var isShort = false
    var isLooking = false
    var lookedAt: MonotonicInstant?
  }

  /// What was found longer ago is looked at again.
  private static let freshness = Duration.seconds(1)

  /// - Parameters:
  ///   - folders: where the store writes.
  ///   - least: bytes that must be free in each.
  ///   - freeBytes: of a folder; nil if the system does not tell, which counts as enough.
  init(
    _ store: any MessageStore, folders: [String], least: Int, logger: Logger,
    freeBytes: @escaping @Sendable (String) -> Int? = HealthWatch.freeBytes
  ) {
    (self.store, self.folders, self.least, self.logger, self.freeBytes) = (store, folders, least, logger, freeBytes)
    look()
  }

  var capabilities: DeliveryCapabilities { store.capabilities }

  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool {
    let (isShort, looks) = state.withLockedValue { state in
      let isOld = state.lookedAt.map { $0.elapsed > Self.freshness } ?? true
      let looks = isOld && !state.isLooking
      if looks { state.isLooking = true }
      return (state.isShort, looks)
    }
    // A disk that hangs holds up no event loop.
    if looks { Task.detached { self.look() } }
    if isShort { throw .noSpace }
    return try await store.begin(id)
  }

  /// A mail that is here needs no room.
  func receipt(of envelope: Envelope, trace: ByteBuffer, size: Int) async throws(StoreFailure) -> StoreReceipt? {
    try await store.receipt(of: envelope, trace: trace, size: size)
  }

  private func look() {
    let free = folders.compactMap { freeBytes($0) }.min()
    let isShort = free.map { $0 < least } ?? false
    let wasShort = state.withLockedValue { state in
      defer { (state.isShort, state.isLooking, state.lookedAt) = (isShort, false, .now) }
      return state.isShort
    }
    guard isShort != wasShort else { return }
    let facts: Logger.Metadata = ["free": "\(free ?? 0)", "minimumFreeBytes": "\(least)"]
    if isShort {
      logger.error("too little space is free: no mail is taken, deliveries go on", metadata: facts)
    } else {
      logger.notice("enough space is free again", metadata: facts)
    }
  }
}
