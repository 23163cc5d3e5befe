import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@testable import MTAStore

/// Events wait in a file until they are sent: in the order of each mail, over a restart, within bounds.
@Suite(.endsHangs) struct WebhookKeeperTests {
  private let folder = TemporaryFolder()
  private let faults = FaultPlan()
  private let clock = ManualClock(StoreFixture.noon)
  private let notices = NIOLockedValueBox<[WebhookNotice]>([])

  private func keeper(_ change: (inout WebhookKeeper.Configuration) -> Void = { _ in }) -> WebhookKeeper {
    var configuration = WebhookKeeper.Configuration(
      path: folder.path + "/mta.db.webhooks", lifetime: .seconds(1000), maximumBytes: 10 << 20)
    configuration.clock = clock
    configuration.faults = faults
    configuration.patience = .milliseconds(1)
    configuration.notice = { [notices] notice in notices.withLockedValue { $0.append(notice) } }
    change(&configuration)
    return WebhookKeeper(configuration)
  }

  private func note(_ names: String..., to keeper: WebhookKeeper, size: Int = 10) {
    // "a1" is an event of mail a.
    for name in names {
      keeper.note(
        WebhookEvent(
          id: name, mail: String(name.prefix(1)), at: clock.now, body: Array(repeating: UInt8(ascii: "x"), count: size))
      )
    }
  }

  /// The notes of a keeper are written before it answers.
  private func take(
    _ keeper: WebhookKeeper, _ sent: [SentWebhook] = [], limit: Int = 100
  ) async throws -> [DueWebhook] {
    try #require(await keeper.exchange(sent, taking: limit)).due
  }

  @Test func theNextOfAMailWaitsForItsPredecessor() async throws {
    let keeper = keeper()
    note("a1", "b1", "a2", "c1", "a3", "b2", to: keeper)
    let first = try await take(keeper)
    #expect(first.map(\.id) == ["a1", "b1", "c1"])
    #expect(try await take(keeper).isEmpty, "what was taken is not due again")
    // b fails, and is due in a minute; a goes on.
    let second = try await take(
      keeper, [SentWebhook(first[0], next: nil), SentWebhook(first[1], next: clock.now + .seconds(60))])
    #expect(second.map(\.id) == ["a2"])
    clock.advance(by: .seconds(61))
    let third = try await take(keeper)
    #expect(third.map(\.id) == ["b1"] && third.first?.attempts == 1)
    let finding = try #require(await keeper.exchange(taking: 0))
    #expect(finding.waiting == 5 && finding.oldest == StoreFixture.noon)
    await keeper.close()
    #expect(await keeper.exchange(taking: 1) == nil)
  }

  @Test func whatWaitsIsThereAfterARestart() async throws {
    let first = keeper()
    note("a1", "a2", "b1", to: first)
    let due = try await take(first)
    #expect(due.map(\.id) == ["a1", "b1"])
    _ = try await take(first, [SentWebhook(due[1], next: nil)])
    await first.close()
    let second = keeper()
    // a1 was on its way, and nobody knows what came of it.
    #expect(try await take(second).map(\.id) == ["a1"])
    await second.close()
  }

  @Test func beyondTheBoundTheOldestAreDroppedAndCounted() async throws {
    let keeper = keeper { $0.maximumBytes = 65_536 }
    for number in 0..<9 { note("\(number)1", to: keeper, size: 10_000) }
    let ids = try await take(keeper).map(\.id)
    #expect(ids == ["31", "41", "51", "61", "71", "81"])
    // In one step, or in several.
    let dropped = notices.withLockedValue { $0 }.map { if case .dropped(let count) = $0 { count } else { 1000 } }
    #expect(dropped.reduce(0, +) == 3)
    await keeper.close()
  }

  @Test func whatIsDroppedLetsTheNextOfItsMailGo() async throws {
    let keeper = keeper { $0.maximumBytes = 65_536 }
    note("a1", "a2", "a3", "a4", "a5", "a6", "a7", to: keeper, size: 10_000)
    let due = try await take(keeper)
    #expect(due.map(\.id) == ["a2"])
    // On its way: it stays, and those behind it go.
    note("b1", "b2", to: keeper, size: 10_000)
    #expect(try await take(keeper).map(\.id) == ["b1"])
    #expect(try await take(keeper, [SentWebhook(due[0], next: nil)]).map(\.id) == ["a5"])
    await keeper.close()
  }

  @Test func aFullDiskLosesNothingThatFitsIntoMemory() async throws {
    let keeper = keeper()
    note("a1", "b1", to: keeper)
    let due = try await take(keeper)
    faults.inject(.fails(28), at: "webhooks.begin", times: 1_000_000)
    note("a2", to: keeper)
    #expect(await keeper.exchange([SentWebhook(due[0], next: nil)], taking: 5) == nil)
    faults.clear()
    let next = try await eventually("the file is written again") { await keeper.exchange(taking: 5) }
    #expect(next.due.map(\.id) == ["a2"], "and the answer of before is not forgotten")
    #expect(next.waiting == 2)
    await keeper.close()
    guard case .failing? = notices.withLockedValue({ $0.first }) else {
      Issue.record("no word of the trouble")
      return
    }
  }

  @Test func timeEnds() async throws {
    let first = keeper()
    note("a1", to: first)
    #expect(try await take(first, limit: 0).isEmpty)
    await first.close()
    clock.advance(by: .seconds(1001))
    let second = keeper()
    note("a2", to: second)
    try await eventually("a1 is removed") {
      try await take(second, limit: 0).isEmpty && notices.withLockedValue { $0 } == [.expired(1)]
    }
    #expect(try await take(second).map(\.id) == ["a2"])
    await second.close()
  }

  @Test func hurryMakesAllDue() async throws {
    let keeper = keeper()
    note("a1", to: keeper)
    let due = try await take(keeper)
    #expect(try await take(keeper, [SentWebhook(due[0], next: clock.now + .seconds(900))]).isEmpty)
    #expect(await keeper.exchange(taking: 1, hurries: true)?.due.map(\.id) == ["a1"])
    await keeper.close()
  }
}
