import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// The domains whose mail waits by an operator's word. Workers ask before each delivery, so a suspension holds for mail that is in memory
/// already; a delivery under way goes on.
final class DomainSuspensions: Sendable {
  private struct State {
    var orders: [Domain: AccountOrder] = [:]
    var readAt: MonotonicInstant?
  }

  private let store: any LimitStore
  private let clock: any WallClock
  private let state = NIOLockedValueBox(State())
  /// How long orders are used before they are read again.
  private static let orderAge = Duration.seconds(1)
  /// When mail is looked at again whose suspension has no end. It is made due when its domain is resumed.
  private static let look = Duration.seconds(3600)

  init(_ store: any LimitStore, clock: any WallClock) { (self.store, self.clock) = (store, clock) }

  /// What holds now for these domains, by ``Domain/canonical``; most of the time nothing.
  private func holding() async -> [Domain: AccountOrder] {
    let isOld = state.withLockedValue { state in
      guard let read = state.readAt else { return true }
      if read.elapsed < Self.orderAge { return false }
      // At once, so that one of many workers reads them.
      state.readAt = .now
      return true
    }
    if isOld, let all = try? await store.accountOrders() {
      var orders: [Domain: AccountOrder] = [:]
      for order in all where order.kind == .suspendDomain {
        if let domain = Domain(order.name, international: true) { orders[domain.canonical] = order }
      }
      state.withLockedValue { state in
        state.orders = orders
        if state.readAt == nil { state.readAt = .now }
      }
    }
    return state.withLockedValue { $0.orders }
  }

  /// The order about a domain, if it is suspended now.
  func order(for domain: Domain) async -> AccountOrder? {
    await holding()[domain.canonical].flatMap { $0.isOver(at: clock.now) ? nil : $0 }
  }

  /// Parts a job into what may go and what must wait.
  func split(_ job: DeliveryJob) async -> (goes: DeliveryJob?, waits: [(DeliveryJob, Attempt)]) {
    let orders = await holding()
    if orders.isEmpty { return (job, []) }
    let now = clock.now
    let groups = Dictionary(grouping: job.parcels) { parcel -> Domain? in
      let domain = parcel.recipient.mailbox.domain.canonical
      return orders[domain].map { $0.isOver(at: now) } ?? true ? nil : domain
    }
    if groups[nil]?.count == job.parcels.count { return (job, []) }
    let waits = groups.compactMap { domain, parcels -> (DeliveryJob, Attempt)? in
      guard let domain, let order = orders[domain] else { return nil }
      return (job.with(parcels), attempt(by: order, for: parcels.count))
    }
    return (groups[nil].map { job.with($0) }, waits)
  }

  /// What stands in place of an attempt: it counts as none.
  func attempt(by order: AccountOrder, for count: Int) -> Attempt {
    let words = AccountOrder.suspensionWords + Attempt.printable(order.reason)
    let pause = order.until.map { max($0 - clock.now, .seconds(1)) } ?? Self.look
    var attempt = Attempt(Array(repeating: RecipientResult(.deferred, words), count: count))
    attempt.ruling = .delay(pause, words)
    return attempt
  }
}

extension DeliveryJob {
  /// The same for some of its copies, in their order.
  fileprivate func with(_ parcels: [Parcel]) -> DeliveryJob {
    DeliveryJob(source: source, destination: destination, domain: domain, marks: marks, parcels: parcels)
  }
}
