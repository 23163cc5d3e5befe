import Logging
import MTACore
import MTADelivery
import MTAStore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@testable import MTAServer

/// The sender against endpoints of every mood.
@Suite(.endsHangs) struct WebhookSenderTests {
  private let folder = TemporaryFolder()

  private func keeper() -> WebhookKeeper {
    WebhookKeeper(.init(path: folder.path + "/mta.db.webhooks", lifetime: .seconds(100_000), maximumBytes: 64 << 20))
  }

  private func sender(
    _ keeper: WebhookKeeper, connections: Int = 8, meters: Meters? = nil,
    _ post: @escaping @Sendable (String) async -> WebhookAnswer
  ) -> WebhookSender {
    var sender = WebhookSender(
      keeper: keeper, connections: connections, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      meters: meters
    ) { id, _, _ in await post(id) }
    sender.tick = .milliseconds(2)
    sender.standing.pauses = .milliseconds(1) ... .milliseconds(4)
    sender.wait = { _ in .milliseconds(3) }
    return sender
  }

  private func note(_ id: String, of mail: String, to keeper: WebhookKeeper) {
    keeper.note(WebhookEvent(id: id, mail: mail, at: SystemClock().now, body: []))
  }

  private struct Book {
    var tries: [String] = []
    var taken: [String] = []
    /// Mails with an event on its way.
    var underWay: Set<Substring> = []
    var most = 0
    var overlaps = 0
    var generator = SeededGenerator(seed: 7)
  }

  private static func mail(_ id: String) -> Substring { id.split(separator: "-")[0] }

  /// Whatever the endpoint answers, each mail's events are taken once each, in their order, one at a time.
  @Test(arguments: [1, 2, 3]) func theOrderOfAMailIsKept(seed: UInt64) async throws {
    let keeper = keeper()
    let book = NIOLockedValueBox(Book(generator: SeededGenerator(seed: seed)))
    let sender = sender(keeper) { id in
      let (answer, pause) = book.withLockedValue { book -> (WebhookAnswer, Bool) in
        if !book.underWay.insert(Self.mail(id)).inserted { book.overlaps += 1 }
        book.most = max(book.most, book.underWay.count)
        book.tries.append(id)
        let answers: [WebhookAnswer] = [
          .taken, .taken, .taken, .taken, .refused(400), .away("answered 500", after: nil),
        ]
        return (answers.randomElement(using: &book.generator) ?? .taken, Bool.random(using: &book.generator))
      }
      if pause { _ = await keeper.exchange(taking: 0) }
      book.withLockedValue { book in
        book.underWay.remove(Self.mail(id))
        if answer == .taken { book.taken.append(id) }
      }
      return answer
    }
    let task = Task { await sender.run() }
    for number in 0..<20 { for mail in 0..<12 { note("m\(mail)-\(number)", of: "m\(mail)", to: keeper) } }
    try await eventually("all are taken") { book.withLockedValue { $0.taken.count } == 240 }
    task.cancel()
    await task.value
    await keeper.close()
    let end = book.withLockedValue { $0 }
    #expect(end.overlaps == 0 && end.most > 1 && end.most <= 8)
    #expect(end.tries.count > 240, "some failed")
    for mail in 0..<12 {
      #expect(end.taken.filter { Self.mail($0) == "m\(mail)" } == (0..<20).map { "m\(mail)-\($0)" })
    }
  }

  @Test func aRefusedEventHoldsBackItsMailAlone() async throws {
    let keeper = keeper()
    let taken = NIOLockedValueBox<[String]>([])
    let sender = sender(keeper) { id in
      if id == "a-0" { return .refused(422) }
      taken.withLockedValue { $0.append(id) }
      return .taken
    }
    for id in ["a-0", "a-1", "b-0", "b-1", "c-0"] { note(id, of: String(Self.mail(id)), to: keeper) }
    let task = Task { await sender.run() }
    try await eventually("the others are taken") { await keeper.exchange(taking: 0)?.waiting == 2 }
    task.cancel()
    await task.value
    #expect(taken.withLockedValue { $0.sorted() } == ["b-0", "b-1", "c-0"])
    await keeper.close()
  }

  @Test func goneEndsIt() async throws {
    let keeper = keeper()
    let meters = Meters(MeterPage())
    let tries = NIOLockedValueBox(0)
    let sender = sender(keeper, connections: 1, meters: meters) { _ in
      tries.withLockedValue { $0 += 1 }
      return .gone
    }
    for number in 0..<5 { note("a\(number)-0", of: "a\(number)", to: keeper) }
    let task = Task { await sender.run() }
    let table = MeterTable.own
    try await eventually("all wait, and it is told") {
      let sum = MeterSum([meters.page])
      return sum.value(table.webhooksWaiting) == 5 && sum.value(table.webhooks, 2) == 1
        && sum.value(table.webhooksFlow) == 0
    }
    task.cancel()
    await task.value
    await keeper.close()
    #expect(tries.withLockedValue { $0 } == 1)
  }

  @Test func anOutageIsTriedOneByOneAndThenAllGoes() {
    var standing = WebhookStanding()
    let now = MonotonicInstant(nanoseconds: 1_000_000_000)
    #expect(standing.room(of: 8, underWay: 3, at: now) == 5)
    #expect(standing.note(.away("a", after: nil), at: now) == nil)
    #expect(standing.room(of: 8, underWay: 0, at: now) == 0)
    #expect(standing.room(of: 8, underWay: 0, at: now.after(milliseconds: 1000)) == 1)
    #expect(standing.room(of: 8, underWay: 1, at: now.after(milliseconds: 1000)) == 0)
    #expect(standing.note(.away("b", after: nil), at: now) == nil)
    #expect(standing.room(of: 8, underWay: 0, at: now.after(milliseconds: 1999)) == 0)
    #expect(standing.note(.away("c", after: 60), at: now) == .outage(reason: "c"))
    #expect(!standing.flows && standing.room(of: 8, underWay: 0, at: now.after(milliseconds: 59_999)) == 0)
    for _ in 0..<100 { #expect(standing.note(.away("d", after: nil), at: now) == nil) }
    #expect(standing.room(of: 8, underWay: 0, at: now.after(milliseconds: 300_000)) == 1, "no pause is longer")
    #expect(standing.note(.taken, at: now) == .back)
    #expect(standing.flows && standing.room(of: 8, underWay: 0, at: now) == 8)
    #expect(standing.note(.gone, at: now) == .gone && standing.note(.gone, at: now) == nil)
    #expect(!standing.flows && standing.room(of: 8, underWay: 0, at: now.after(milliseconds: 9_000_000)) == 0)
  }
}
