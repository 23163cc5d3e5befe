/// Everything that a whole server needs of its store. Mail comes in and goes out, contacts and logins are kept, and operators look at
/// the queue. `MailStore` of MTAStore is one.
///
/// The methods for operators have defaults, which throw an explanation. A store without them works, and `queue list` says why it shows
/// nothing.
public protocol ServerStore: MessageStore, ParcelQueue, ContactStore, LoginStore {
  /// One page of the copies that are not done, oldest first.
  ///
  /// - Parameters:
  ///   - heldOnly: only copies that wait for ``release(_:)``.
  ///   - last: the end of the page before; nil for the first.
  ///   - limit: of copies. If fewer are returned, there are no more.
  func list(heldOnly: Bool, after last: ParcelID?, limit: Int) async throws(StoreFailure) -> [QueueEntry]

  /// Makes the held copies of a mail due at once.
  ///
  /// - Returns: the number of copies; nil if there is no such mail.
  func release(_ id: MailID) async throws(StoreFailure) -> Int?

  /// Holds the copies of a mail that are not done, until ``release(_:)``. A delivery under way is not stopped.
  ///
  /// - Parameter reason: kept with the copies, on one line.
  /// - Returns: the number of held copies; nil if there is no such mail.
  func hold(_ id: MailID, because reason: String) async throws(StoreFailure) -> Int?

  /// The mails that ``ParcelQueue/suspect(_:because:at:)`` held since the last call. They count as told from now on. A caller that
  /// cannot tell of them calls ``untell(_:)``. Called at the start and once an hour. Default: none.
  func takeSuspectsToTell(at now: Timestamp) async throws(StoreFailure) -> [HeldSuspect]

  /// The caller could not tell of these mails. Default: nothing.
  func untell(_ suspects: [HeldSuspect]) async throws(StoreFailure)

  /// Writes what waits, and closes. Called once, at the end of the server. Default: nothing.
  func close() async
}

extension ServerStore {
  public func list(heldOnly: Bool, after last: ParcelID?, limit: Int) async throws(StoreFailure) -> [QueueEntry] {
    throw .failed("this store does not list what waits")
  }

  public func release(_ id: MailID) async throws(StoreFailure) -> Int? {
    throw .failed("this store does not release what is held")
  }

  public func hold(_ id: MailID, because reason: String) async throws(StoreFailure) -> Int? {
    throw .failed("this store does not set mail aside")
  }

  public func takeSuspectsToTell(at now: Timestamp) async throws(StoreFailure) -> [HeldSuspect] { [] }
  public func untell(_ suspects: [HeldSuspect]) async throws(StoreFailure) {}
  public func close() async {}
}

/// A mail that is held because our own reading, conversion or signing of it broke off twice.
public struct HeldSuspect: Hashable, Sendable {
  public var id: MailID
  /// The cause, of the last time.
  public var cause: String

  public init(id: MailID, cause: String) {
    self.id = id
    self.cause = cause
  }
}
