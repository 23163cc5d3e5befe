package import MTACore
import MTAReceiver
import MTASystem

/// What an operator asks and says about users, about what is counted of them and of clients, and about mail to a domain; with or without a
/// running server, which honours it within two seconds. As root these become the user of the settings.
///
/// All throw ``StartFailure`` when the database cannot be opened, and `StoreFailure` when it cannot be read, or when nothing was changed.
extension MailServer {
  /// What one user, or one client, sent of late.
  package struct SendingCount: Sendable {
    package var record: LimitRecord
    /// As the settings have them.
    package var limits: SendingLimits
    package var now: Timestamp

    /// What is counted now: nothing, where the span is over.
    package func count(of use: SendingUse, in span: LimitSpan) -> Int {
      let window = record.window(span)
      return window.isOver(span, at: now) ? 0 : window.count(of: use)
    }

    /// When something may be sent again; nil if it may now.
    package var limitedUntil: Timestamp? {
      var end: Timestamp?
      for use in SendingUse.allCases {
        for span in LimitSpan.allCases {
          guard let limit = limits.limit(of: use, in: span), count(of: use, in: span) >= limit else { continue }
          end = max(end ?? now, record.window(span).began + span.length)
        }
      }
      return end
    }
  }

  /// Goes through all that is counted, in the order of the names.
  package static func listLimits(
    _ settings: Settings, _ parts: Parts, _ body: (SendingCount) throws -> Void
  ) async throws {
    let configuration = parts.receiverConfiguration(settings)
    let now = SystemClock().now
    try await withLimits(settings, parts) { store in
      var last: String?
      repeat {
        let page = try await store.listLimits(after: last, limit: 1000)
        for record in page where !record.isOver(at: now) {
          let limits =
            switch record.key {
            case .user(let user): configuration.userLimits.limits(of: user)
            case .client: configuration.clientLimits
            }
          try body(SendingCount(record: record, limits: limits, now: now))
        }
        last = page.count < 1000 ? nil : page.last?.key.description
      } while last != nil
    }
  }

  /// Forgets what was counted of a key; nil: of all. It takes some seconds, for what a running server has counted is on its way to the
  /// database.
  ///
  /// - Returns: of how many anything was counted.
  package static func resetLimits(
    _ key: LimitKey?, _ settings: Settings, _ parts: Parts
  ) async throws -> Int {
    let log = OperatorLog(settings, parts)
    let count = try await withLimits(settings, parts) { store in
      let count = try await store.resetLimits(key)
      try await Task.sleep(for: orderDelay)
      return max(count, try await store.resetLimits(key))
    }
    log.tell(AccountOrder(.resetLimits, key?.description ?? "all", createdAt: SystemClock().now), count)
    return count
  }

  /// The key of a client, as a server with these settings counts it.
  package static func limitKey(of client: IPAddress, _ settings: Settings, _ parts: Parts) -> LimitKey {
    let length = parts.receiverConfiguration(settings).contacts.prefixLength
    return .client(ContactKey(client, prefixLength: length))
  }

  /// The orders that hold.
  package static func suspensions(
    _ kind: AccountOrder.Kind, _ settings: Settings, _ parts: Parts
  ) async throws -> [AccountOrder] {
    try await withLimits(settings, parts) { store in
      try await store.accountOrders().filter { $0.kind == kind }.sorted { $0.name < $1.name }
    }
  }

  /// Suspends a user, or deliveries to a domain.
  package static func suspend(_ order: AccountOrder, _ settings: Settings, _ parts: Parts) async throws {
    let log = OperatorLog(settings, parts)
    try await withLimits(settings, parts) { try await $0.save(order) }
    log.tell(order)
  }

  /// Ends the suspension of a user.
  ///
  /// - Returns: whether the user was suspended.
  package static func resume(user: LoginAccount, _ settings: Settings, _ parts: Parts) async throws -> Bool {
    let log = OperatorLog(settings, parts)
    let order = AccountOrder(.suspendUser, user.description, createdAt: SystemClock().now)
    let isDone = try await withLimits(settings, parts) { try await $0.removeOrder(order.kind, order.name) }
    if isDone { log.tell(order, isGone: true) }
    return isDone
  }

  /// Ends the suspension of a domain, and makes its mail due that waits for that.
  ///
  /// - Returns: how many copies; nil if the domain was not suspended.
  package static func resume(domain: Domain, _ settings: Settings, _ parts: Parts) async throws -> Int? {
    let log = OperatorLog(settings, parts)
    let order = AccountOrder(.suspendDomain, domain.canonical.description, createdAt: SystemClock().now)
    let count = try await withLimits(settings, parts) { store -> Int? in
      let wasSuspended = try await store.removeOrder(order.kind, order.name)
      // A runner that has not heard of it yet puts mail off for some moments more.
      if wasSuspended { try await Task.sleep(for: orderDelay) }
      let count = try await store.resumeDeliveries(to: domain)
      return wasSuspended || count > 0 ? count : nil
    }
    if let count { log.tell(order, isGone: true, count) }
    return count
  }

  /// Longer than orders wait for a running server, and counts for the database.
  private static var orderDelay: Duration { .milliseconds(1500) }

  private static func withLimits<Value>(
    _ settings: Settings, _ parts: Parts, _ body: (any LimitStore) async throws -> Value
  ) async throws -> Value {
    try await withStore(settings, parts) { store in
      guard let limits = store as? any LimitStore else {
        throw StoreFailure.failed("this store keeps no counts and no suspensions")
      }
      return try await body(limits)
    }
  }
}
