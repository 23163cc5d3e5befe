/// Everything that a whole server needs of its store. Mail comes in and goes out, contacts and logins are kept, and operators look at
/// the queue. `MailStore` of MTAStore is one.
///
/// The methods for operators (``list(_:after:limit:)`` to ``forgive(_:)``) have defaults, which throw an explanation. A store without
/// them works, and `queue list` says why it shows nothing.
public protocol ServerStore: MessageStore, ParcelQueue, ContactStore, LoginStore {
  /// One page of the copies that are not done, oldest first.
  ///
  /// - Parameters:
  ///   - last: the end of the page before; nil for the first.
  ///   - limit: of copies. If fewer are returned, there are no more.
  func list(_ selection: QueueSelection, after last: ParcelID?, limit: Int) async throws(StoreFailure) -> [QueueEntry]

  /// Changes one page of the selected copies, durably when it returns. All pages together are one walk through the queue.
  ///
  /// - Parameters:
  ///   - last: the end of the page before; nil for the first.
  ///   - limit: of copies that are looked at.
  func change(
    _ change: QueueChange, _ selection: QueueSelection, after last: ParcelID?, limit: Int
  ) async throws(StoreFailure) -> QueueChangePage

  /// A mail with all of its copies, those that are done among them; nil if there is no such mail.
  func queuedMail(_ id: MailID) async throws(StoreFailure) -> QueuedMail?

  /// One page of contacts, in the order of the texts of their keys.
  ///
  /// - Parameters:
  ///   - offendersOnly: only contacts with an offence or a lockout.
  ///   - last: the end of the page before; nil for the first.
  ///   - limit: of contacts. If fewer are returned, there are no more.
  func listContacts(
    offendersOnly: Bool, after last: ContactKey?, limit: Int
  ) async throws(StoreFailure) -> [ContactRecord]

  /// Keeps an order about clients (``ContactStore/clientOrders()``), in place of an earlier one for the same network.
  func save(_ order: ClientOrder) async throws(StoreFailure)

  /// - Returns: whether there were orders for exactly this network: how many.
  func removeOrders(for network: Network) async throws(StoreFailure) -> Int

  /// Forgets offences and lockouts of all contacts within a network, and of the /64 network around a smaller one of IPv6. A running server
  /// learns of it by a ``ClientOrder/Kind/forgive``.
  ///
  /// - Returns: how many contacts had any.
  func forgive(_ network: Network) async throws(StoreFailure) -> Int

  /// The mails that ``ParcelQueue/suspect(_:because:at:)`` held since the last call. They count as told from now on. A caller that
  /// cannot tell of them calls ``untell(_:)``. Called at the start and once an hour. Default: none.
  func takeSuspectsToTell(at now: Timestamp) async throws(StoreFailure) -> [HeldSuspect]

  /// The caller could not tell of these mails. Default: nothing.
  func untell(_ suspects: [HeldSuspect]) async throws(StoreFailure)

  /// Counts the copies that are not done, for metrics. Called every few seconds, so it must not hinder others. Default: it throws.
  func queueCensus(at now: Timestamp) async throws(StoreFailure) -> QueueCensus

  /// Writes something of no consequence wherever mail would be written, and makes it durable. Called every few seconds, if somebody
  /// asks whether the server is ready. Default: nothing.
  ///
  /// - Throws: what prevents it. Then mail could not be accepted either.
  func proveWritable() async throws(StoreFailure)

  /// Writes what waits, and closes. Called once, at the end of the server. Default: nothing.
  func close() async
}

extension ServerStore {
  public func list(
    _ selection: QueueSelection, after last: ParcelID?, limit: Int
  ) async throws(StoreFailure) -> [QueueEntry] {
    throw .failed("this store does not list what waits")
  }

  public func change(
    _ change: QueueChange, _ selection: QueueSelection, after last: ParcelID?, limit: Int
  ) async throws(StoreFailure) -> QueueChangePage {
    throw .failed("operators cannot change what waits in this store")
  }

  public func queuedMail(_ id: MailID) async throws(StoreFailure) -> QueuedMail? {
    throw .failed("this store does not show single mails")
  }

  public func listContacts(
    offendersOnly: Bool, after last: ContactKey?, limit: Int
  ) async throws(StoreFailure) -> [ContactRecord] {
    throw .failed("this store does not list contacts")
  }

  public func save(_ order: ClientOrder) async throws(StoreFailure) {
    throw .failed("operators cannot say anything about clients in this store")
  }

  public func removeOrders(for network: Network) async throws(StoreFailure) -> Int {
    throw .failed("operators cannot say anything about clients in this store")
  }

  public func forgive(_ network: Network) async throws(StoreFailure) -> Int {
    throw .failed("this store forgets no offences")
  }

  public func takeSuspectsToTell(at now: Timestamp) async throws(StoreFailure) -> [HeldSuspect] { [] }
  public func untell(_ suspects: [HeldSuspect]) async throws(StoreFailure) {}
  public func queueCensus(at now: Timestamp) async throws(StoreFailure) -> QueueCensus {
    throw .failed("this store does not count what waits")
  }

  public func proveWritable() async throws(StoreFailure) {}
  public func close() async {}
}

extension ServerStore {
  /// ``change(_:_:after:limit:)`` for one mail.
  ///
  /// - Returns: the number of copies that were changed; nil if there is no such mail.
  @discardableResult
  public func change(_ change: QueueChange, of id: MailID) async throws(StoreFailure) -> Int? {
    var (count, last) = (0, nil as ParcelID?)
    repeat {
      let page = try await self.change(change, QueueSelection(id), after: last, limit: 1000)
      count += page.changed
      last = page.last
    } while last != nil
    if count == 0, try await queuedMail(id) == nil { return nil }
    return count
  }
}

/// A mail of the queue, for an operator.
public struct QueuedMail: Hashable, Sendable {
  /// Nil if the store cannot read it.
  public var envelope: Envelope?
  public var size: Int
  public var createdAt: Timestamp?
  /// When the last copy was done; nil while one waits.
  public var settledAt: Timestamp?
  public var copies: [QueueEntry]

  public init(
    envelope: Envelope?, size: Int, createdAt: Timestamp?, settledAt: Timestamp? = nil, copies: [QueueEntry] = []
  ) {
    self.envelope = envelope
    self.size = size
    self.createdAt = createdAt
    self.settledAt = settledAt
    self.copies = copies
  }
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
