public import MTACore
import MTAReceiver
import MTASystem

/// What an operator asks and says about clients, with or without a running server, which honours it for the next connection. As root these
/// become the user of the settings: see ``MailServer/runQueue(_:_:)``.
///
/// All throw ``StartFailure`` when the database cannot be opened, and `StoreFailure` when it cannot be read, or when nothing was changed.
extension MailServer {
  /// What is known of a client, or of a network.
  public struct Contact: Hashable, Sendable {
    /// What was counted; nil for a network without connections of its own.
    public var record: ContactRecord?
    /// The operator's order that holds for it now.
    public var order: ClientOrder?
    /// Whether its offences lock it out now.
    public var isLockedOut: Bool

    /// The address, the network of an IPv6 address, or the network of the order.
    public var address: String { record?.key.description ?? order?.network.description ?? "" }
    /// Whether connections are refused now, for whichever reason.
    public var isRefused: Bool { order.map { $0.kind == .prohibit } ?? isLockedOut }
    /// The end of the order, or of the lockout; nil for other clients.
    public var until: Timestamp? { order != nil ? order?.until : isLockedOut ? record?.expiresAt : nil }
  }

  /// Goes through all contacts, and networks with orders.
  ///
  /// - Parameter network: only what lies in it, or has it within; nil for all.
  public static func listContacts(
    _ settings: Settings, _ parts: Parts = Parts(), within network: Network? = nil, _ body: (Contact) throws -> Void
  ) async throws {
    let policy = parts.receiverConfiguration(settings).contacts
    let now = SystemClock().now
    try await withStore(settings, parts) { store in
      let orders = try await store.clientOrders()
      let table = ClientOrders(orders)
      for order in orders where order.kind != .forgive && order.network.touches(network) {
        try body(Contact(record: nil, order: order, isLockedOut: false))
      }
      var last: ContactKey?
      repeat {
        let page = try await store.listContacts(offendersOnly: false, after: last, limit: 1000)
        for record in page where record.key.network?.touches(network) ?? (network == nil) {
          let order = record.key.network.flatMap { table.order(for: $0.address, at: now) }
          try body(Contact(record: record, order: order, isLockedOut: policy.locksOut(record, at: now)))
        }
        last = page.count < 1000 ? nil : page.last?.key
      } while last != nil
    }
  }

  /// Refuses connections of a network's clients, or lets them in whatever they do, from now on.
  ///
  /// ```swift
  /// let network = Network("192.0.2.0/24")!
  /// try await MailServer.order(ClientOrder(.prohibit, network, reason: "spam", createdAt: SystemClock().now), settings)
  /// ```
  public static func order(
    _ order: ClientOrder, _ settings: Settings, _ parts: Parts = Parts()
  ) async throws {
    let log = OperatorLog(settings, parts)
    try await withStore(settings, parts) { try await $0.save(order) }
    log.tell(order.kind, order.network, because: order.reason)
  }

  /// Removes the orders for exactly this network, and forgets the offences and lockouts of all clients within it. It takes some seconds,
  /// for what a running server has counted is on its way to the database.
  ///
  /// - Returns: how many orders, and how many clients.
  public static func forgive(
    _ network: Network, _ settings: Settings, _ parts: Parts = Parts()
  ) async throws -> (orders: Int, clients: Int) {
    let log = OperatorLog(settings, parts)
    let done = try await withStore(settings, parts) { store in
      let orders = try await store.removeOrders(for: network)
      let clients = try await store.forgive(network)
      // What a running server had counted before it learns of this may still be on its way to the database.
      try await Task.sleep(for: Self.writeDelay)
      _ = try await store.forgive(network)
      return (orders: orders, clients: clients)
    }
    log.tell(.forgive, network, clients: done.clients)
    return done
  }
}

extension MailServer {
  /// Longer than counted offences wait for the database, and orders for a running server.
  private static let writeDelay = Duration.milliseconds(1500)
}

extension Network {
  /// Whether one of both lies within the other.
  fileprivate func touches(_ other: Network?) -> Bool {
    guard let other else { return true }
    return contains(other.address) || other.contains(address)
  }
}
