/// All that a whole server asks of its store: mail comes in and goes out, contacts and logins are remembered, and operators look at what
/// waits. `MailStore` of MTAStore is one.
///
/// What an operator asks for has defaults, which fail with a sentence: a store without them serves, and `queue list` says so.
public protocol ServerStore: MessageStore, ParcelQueue, ContactStore, LoginStore {
  /// The copies that are not done, in the order in which they came: a page of them.
  ///
  /// - Parameters:
  ///   - heldOnly: those that wait for ``release(_:)``.
  ///   - last: the end of the page before; nil for the first.
  ///   - limit: of copies. Fewer mean that there are no more.
  func list(heldOnly: Bool, after last: ParcelID?, limit: Int) async throws(StoreFailure) -> [QueueEntry]

  /// Makes what is held of a mail due at once.
  ///
  /// - Returns: how many copies; nil when there is no such mail.
  func release(_ id: MailID) async throws(StoreFailure) -> Int?

  /// Sets what is not done of a mail aside, until ``release(_:)``. A delivery under way is not stopped.
  ///
  /// - Parameter reason: kept with the copies, on one line.
  /// - Returns: how many copies are held; nil when there is no such mail.
  func hold(_ id: MailID, because reason: String) async throws(StoreFailure) -> Int?

  /// The mails that ``ParcelQueue/suspect(_:because:at:)`` held since somebody was told last. They count as told from now on: who cannot
  /// tell of them says ``untell(_:)``. Asked at the start and once an hour. Default: none.
  func takeSuspectsToTell(at now: Timestamp) async throws(StoreFailure) -> [HeldSuspect]

  /// Nobody was told of these after all. Default: nothing.
  func untell(_ suspects: [HeldSuspect]) async throws(StoreFailure)

  /// Writes what waits, and closes. Called once, when the server is done with it. Default: nothing.
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

/// A mail that is held because our own reading, conversion or signing broke off at it twice.
public struct HeldSuspect: Hashable, Sendable {
  public var id: MailID
  /// What it was, the last time.
  public var cause: String

  public init(id: MailID, cause: String) {
    self.id = id
    self.cause = cause
  }
}
