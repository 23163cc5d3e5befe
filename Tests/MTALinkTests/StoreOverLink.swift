import MTACore
import MTAStore
import NIOCore

@testable import MTALink

/// Mail goes in over a link, and comes out of the store behind it.
struct StoreOverLink: MessageStore, ParcelQueue {
  let mail: LinkStore
  let queue: MailStore

  var capabilities: DeliveryCapabilities { mail.capabilities }
  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool { try await mail.begin(id) }

  var leaseRegistry: any LeaseRegistry { queue.leaseRegistry }
  func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail] {
    try await queue.claim(by: owner, limit: limit, leavingOut: lanes, now: now, deadline: deadline)
  }
  func content(of id: MailID) async throws(StoreFailure) -> StoredContent { try await queue.content(of: id) }
  func record(_ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp)
    async throws(StoreFailure)
  { try await queue.record(results, reports: reports, by: owner, at: now) }
  func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure) {
    try await queue.renew(parcels, by: owner, deadline: deadline)
  }
  func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int {
    try await queue.releaseLeases(unless: isAlive)
  }
  func releaseLeases(of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID])
    async throws(StoreFailure) -> Int
  { try await queue.releaseLeases(of: owner, except: known) }
  func suspect(_ mail: MailID, because cause: String, at now: Timestamp) async throws(StoreFailure) -> Bool {
    try await queue.suspect(mail, because: cause, at: now)
  }
  func nextDue() async throws(StoreFailure) -> Timestamp? { try await queue.nextDue() }
  func changeNumber() async throws(StoreFailure) -> Int64? { try await queue.changeNumber() }
  func listen(_ listener: ArrivalListener) { queue.listen(listener) }
  func endListening(_ owner: LeaseOwner) { queue.endListening(owner) }
}

/// The store of a queue process that dies during a commit.
struct DyingStore: MessageStore {
  enum Point: CaseIterable, Sendable {
    case beforeItIsStored, afterItIsStored
  }

  let base: MailStore
  let point: Point
  /// Mails at which it does not die.
  var skips: Set<MailID> = []
  let die: @Sendable () -> Void

  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool {
    let spool = try await base.begin(id)
    return skips.contains(id) ? spool : Spool(base: spool, store: self)
  }

  func receipt(of envelope: Envelope, trace: ByteBuffer, size: Int) async throws(StoreFailure) -> StoreReceipt? {
    try await base.receipt(of: envelope, trace: trace, size: size)
  }

  private struct Spool: MessageSpool {
    let base: any MessageSpool
    let store: DyingStore

    func append(_ piece: ByteBuffer) async throws(StoreFailure) { try await base.append(piece) }
    func abandon() async { await base.abandon() }

    func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt {
      switch store.point {
      case .beforeItIsStored:
        await base.abandon()
        store.die()
        throw .closed
      case .afterItIsStored:
        let receipt = try await base.commit(envelope, trace: trace)
        store.die()
        return receipt
      }
    }
  }
}
