import Logging
import MTACore
import MTAReceiver
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

/// What users and clients may send, asked by many sessions at once.
@Suite struct LimitBookTests {
  /// Keeps records and orders, and may be slow or broken.
  private final class Kept: LimitStore {
    let records = NIOLockedValueBox<[LimitKey: LimitRecord]>([:])
    let orders = NIOLockedValueBox<[AccountOrder]>([])
    let isBroken = NIOLockedValueBox(false)

    func limitRecord(_ key: LimitKey) async throws(StoreFailure) -> LimitRecord? {
      if isBroken.withLockedValue({ $0 }) { throw .failed("broken") }
      return records.withLockedValue { $0[key] }
    }
    func save(_ record: LimitRecord) { records.withLockedValue { $0[record.key] = record } }
    func accountOrders() async throws(StoreFailure) -> [AccountOrder] { orders.withLockedValue { $0 } }
    func listLimits(after last: String?, limit: Int) async throws(StoreFailure) -> [LimitRecord] { [] }
    func save(_ order: AccountOrder) async throws(StoreFailure) { orders.withLockedValue { $0.append(order) } }
    func removeOrder(_ kind: AccountOrder.Kind, _ name: String) async throws(StoreFailure) -> Bool { false }
    func resetLimits(_ key: LimitKey?) async throws(StoreFailure) -> Int { 0 }
    func resumeDeliveries(to domain: Domain) async throws(StoreFailure) -> Int { 0 }
  }

  private let clock = ManualClock()
  private let client = IPAddress.v4(0xC000_0207)

  private func configuration(_ change: (inout Receiver.Configuration) -> Void) -> Receiver.Configuration {
    var configuration = Receiver.Configuration(
      session: SessionConfiguration(serverName: "mx.test.example", postmaster: "postmaster@test.example"),
      listeners: [])
    change(&configuration)
    return configuration
  }

  private func book(_ store: Kept?, _ change: (inout Receiver.Configuration) -> Void) -> LimitBook {
    LimitBook(
      configuration(change), store: store, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
  }

  /// However their questions come between each other, and whether the store has the record or not.
  @Test(arguments: [0, 7])
  func parallelSessionsGetNoMoreThanOne(before: Int) async throws {
    let store = Kept()
    let ann = LimitKey.user(try #require(LoginAccount("ann@test.example")))
    if before > 0 {
      store.save(
        LimitRecord(
          ann, hour: LimitWindow(began: clock.now, mails: before),
          day: LimitWindow(began: clock.now, mails: before)))
    }
    let book = book(store) { $0.userLimits.all.mailsPerHour = 20 }
    let granted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<16 {
        group.addTask {
          var granted = 0
          for _ in 0..<50 {
            if await book.allow(.mail, user: "Ann@test.example", client: client) == .granted { granted += 1 }
          }
          return granted
        }
      }
      return await group.reduce(0, +)
    }
    #expect(granted == 20 - before)
    #expect(store.records.withLockedValue { $0[ann]?.hour.mails } == 20)
    // Another server with the same store goes on from there.
    let next = self.book(store) { $0.userLimits.all.mailsPerHour = 20 }
    #expect(await next.allow(.mail, user: "ann@test.example", client: client) == .limited(.hour, minutes: 60))
    clock.advance(by: .seconds(3600))
    #expect(await next.allow(.mail, user: "ann@test.example", client: client) == .granted)
  }

  @Test func usersAndClientsAreCountedApart() async throws {
    let book = book(nil) { configuration in
      configuration.userLimits.all = SendingLimits(mailsPerHour: 1)
      configuration.userLimits.users = [LoginAccount("bulk")!: SendingLimits(mailsPerHour: 2)]
      configuration.clientLimits = SendingLimits(recipientsPerDay: 1)
      configuration.contacts.neverProhibit = [Network("198.51.100.0/24")].compactMap(\.self)
    }
    func mail(_ user: String?) async -> Bool { await book.allow(.mail, user: user, client: client) == .granted }
    #expect(await mail("ann"))
    #expect(await !mail("ann"))
    #expect(await mail("bob"))
    #expect(await mail("bulk"))
    #expect(await mail("bulk"))
    #expect(await !mail("bulk"))
    // Clients have no limit of mails.
    for _ in 0..<3 { #expect(await mail(nil)) }
    #expect(await book.allow(.recipient, user: nil, client: client) == .granted)
    #expect(await book.allow(.recipient, user: nil, client: client) == .limited(.day, minutes: 1440))
    let webmail = try #require(IPAddress("198.51.100.1"))
    for _ in 0..<3 { #expect(await book.allow(.recipient, user: nil, client: webmail) == .granted) }
  }

  /// Else a user could send without limit while the disk is slow.
  @Test func aStoreThatCannotBeReadGrantsNothing() async throws {
    let store = Kept()
    store.isBroken.withLockedValue { $0 = true }
    let book = book(store) { $0.userLimits.all.mailsPerHour = 1 }
    #expect(await book.allow(.mail, user: "ann", client: client) == .unknown)
    store.isBroken.withLockedValue { $0 = false }
    #expect(await book.allow(.mail, user: "ann", client: client) == .granted)
  }

  @Test func aRunningBookHonoursOperators() async throws {
    let store = Kept()
    let book = book(store) { $0.userLimits.all.mailsPerHour = 1 }
    let ann = try #require(LoginAccount("ann"))
    #expect(await book.allow(.mail, user: "ann", client: client) == .granted)
    store.orders.withLockedValue { [clock] in
      $0 = [AccountOrder(.suspendUser, "ann", until: clock.now + .seconds(60), createdAt: clock.now)]
    }
    try await eventually("she is suspended") { await book.suspends(ann) }
    #expect(await book.allow(.mail, user: "ANN", client: client) == .suspended)
    #expect(await book.allow(.mail, user: "bob", client: client) == .granted)
    clock.advance(by: .seconds(60))
    #expect(await !book.suspends(ann))
    #expect(await book.allow(.mail, user: "ann", client: client) == .limited(.hour, minutes: 59))
    store.orders.withLockedValue { [clock] in $0 = [AccountOrder(.resetLimits, "user:ann", createdAt: clock.now)] }
    try await eventually("she begins anew") { await book.allow(.mail, user: "ann", client: client) == .granted }
    // The same pardon is not given twice.
    #expect(await book.allow(.mail, user: "ann", client: client) != .granted)
  }
}
