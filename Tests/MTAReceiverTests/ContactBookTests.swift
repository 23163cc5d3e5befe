import MTACore
import MTAReceiver
import MTATestSupport
import Synchronization
import Testing

@Suite struct ContactBookTests {
  /// A crowd of addresses must not make the book forget who offended.
  @Test func aCrowdDoesNotWashAnybodyClean() async throws {
    let book = ContactBook(ContactPolicy(maximumViolations: 2), store: nil, clock: ManualClock())
    let offender = IPAddress.v4(0xC000_0201)
    #expect(await book.admit(offender) == .welcome)
    book.note(.violation, from: offender)
    for number in 0..<100_500 { _ = await book.admit(.v4(0x0A00_0000 + UInt32(number))) }
    book.note(.violation, from: offender)
    guard case .warned = await book.admit(offender) else {
      Issue.record("the offender came in again")
      return
    }
  }

  /// Keeps orders alone.
  private final class Orders: ContactStore {
    let all = Mutex<[ClientOrder]>([])

    func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord? { nil }
    func save(_ record: ContactRecord) {}
    func clientOrders() async throws(StoreFailure) -> [ClientOrder] { all.withLock { $0 } }
  }

  /// Also while it runs: the orders are read again while clients come.
  @Test func anOperatorsOrdersHoldForTheNextClients() async throws {
    let (store, clock) = (Orders(), ManualClock())
    let book = ContactBook(ContactPolicy(maximumViolations: 1), store: store, clock: clock)
    let client = try #require(IPAddress("192.0.2.7"))
    let network = try #require(Network("192.0.2.0/24"))
    func isRefused() async -> Bool { await book.admit(client) != .welcome }
    #expect(await !isRefused())

    store.all.withLock { $0 = [ClientOrder(.prohibit, network, until: clock.now + .seconds(60), createdAt: clock.now)] }
    try await eventually("the client is refused") { await isRefused() }
    #expect(await book.admit(client) == .warned(until: clock.now + .seconds(60)))
    // It is no offence: when the order ends nothing is left.
    clock.advance(by: .seconds(60))
    #expect(await !isRefused())

    book.note(.violation, from: client)
    #expect(await isRefused())
    store.all.withLock { $0 = [ClientOrder(.allow, network, createdAt: clock.now)] }
    try await eventually("the client is let in") { await !isRefused() }
    store.all.withLock { $0 = [] }
    try await eventually("the lockout holds again") { await isRefused() }
    clock.advance(by: .seconds(1))
    store.all.withLock { $0 = [ClientOrder(.forgive, network, createdAt: clock.now)] }
    try await eventually("the client starts anew") { await !isRefused() }
    // The same pardon does not cover what comes after it.
    book.note(.violation, from: client)
    try await eventually("it is locked out again, and stays so") { await isRefused() }
    #expect(await isRefused())
  }

  @Test func theSmallestNetworkCounts() throws {
    let now = Timestamp(milliseconds: 0)
    let orders = ClientOrders(
      try [
        ("10.0.0.0/8", .prohibit, nil), ("10.1.0.0/16", .allow, Timestamp(milliseconds: 5)),
        ("10.1.2.3", .prohibit, nil),
      ]
      .map { (text: String, kind: ClientOrder.Kind, until: Timestamp?) in
        ClientOrder(kind, try #require(Network(text)), until: until, createdAt: now)
      })
    func kind(_ text: String, at time: Int64 = 0) -> ClientOrder.Kind? {
      IPAddress(text).flatMap { orders.order(for: $0, at: Timestamp(milliseconds: time)) }?.kind
    }
    #expect(kind("10.1.2.3") == .prohibit && kind("10.1.2.4") == .allow && kind("10.2.0.1") == .prohibit)
    // An order that is over does not hide the wider one.
    #expect(kind("10.1.2.4", at: 5) == .prohibit)
    #expect(kind("11.0.0.1") == nil && kind("::1") == nil)
  }
}
