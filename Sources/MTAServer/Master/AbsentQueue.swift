import MTACore
import MTASystem

/// The store of a process that has no queue: of the master, and of a receiver, which can add mail and nothing else.
struct AbsentQueue: ServerStore {
  /// Where arriving mail goes; nil in the master.
  let mail: (any MessageStore)?

  /// Nothing is leased here.
  let leaseRegistry: any LeaseRegistry = LeaseTable()

  static let refusal = StoreFailure.failed("only the queue process has the queue")

  /// Those of `MailStore`: a receiver greets before it can have asked.
  var capabilities: DeliveryCapabilities { mail == nil ? [] : .all }

  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool {
    guard let mail else { throw Self.refusal }
    return try await mail.begin(id)
  }

  func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail] { throw Self.refusal }

  func content(of id: MailID) async throws(StoreFailure) -> StoredContent { throw Self.refusal }

  func record(
    _ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp
  ) async throws(StoreFailure) { throw Self.refusal }

  func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure) {
    throw Self.refusal
  }

  func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int {
    throw Self.refusal
  }

  func releaseLeases(
    of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID]
  ) async throws(StoreFailure) -> Int { throw Self.refusal }

  func nextDue() async throws(StoreFailure) -> Timestamp? { throw Self.refusal }

  func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord? { throw Self.refusal }
  func save(_ record: ContactRecord) {}

  func lastLogin(to account: LoginAccount, from network: ContactKey) async throws(StoreFailure) -> Timestamp? {
    throw Self.refusal
  }
  func save(_ login: LoginRecord) {}
}
