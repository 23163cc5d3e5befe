import Logging
import MTACore
import MTADelivery
import MTAStore
import MTASystem

/// Sends the events that wait, as long as its task lives. Of each mail one event is on its way at a time, and the next one follows when the
/// endpoint has it.
struct WebhookSender: Sendable {
  let keeper: WebhookKeeper
  var connections = 8
  /// How often it looks for what another process wrote, and for what is due again.
  var tick = Duration.seconds(1)
  var standing = WebhookStanding()
  var wait: @Sendable (_ attempts: Int) -> Duration = { WebhookStanding.wait(after: $0) }
  var clock: any WallClock = SystemClock()
  let logger: Logger
  var meters: Meters?
  let post: @Sendable (_ id: String, _ body: [UInt8], _ now: Timestamp) async -> WebhookAnswer

  private enum Signal: Sendable {
    case look
    case tick
    case answered(DueWebhook, WebhookAnswer)
  }

  func run() async {
    let (signals, queue) = AsyncStream.makeStream(of: Signal.self)
    keeper.onNews { queue.yield(.look) }
    var work = Work(standing: standing)
    await withDiscardingTaskGroup { group in
      group.addTask {
        repeat { queue.yield(.tick) } while (try? await Task.sleep(for: tick)) != nil
      }
      for await signal in signals {
        if case .answered(let event, let answer) = signal { note(answer, to: event, &work) }
        let room = work.standing.room(of: connections, underWay: work.underWay, at: .now)
        if case .look = signal, room == 0 { continue }
        let finding = await keeper.exchange(work.sent, taking: room, hurries: work.hurries)
        (work.sent, work.hurries) = ([], false)
        guard let finding else { continue }
        count(finding, work.standing)
        for event in finding.due {
          work.underWay += 1
          group.addTask { queue.yield(.answered(event, await post(event.id, event.body, clock.now))) }
        }
      }
      group.cancelAll()
    }
    keeper.onNews(nil)
  }

  private struct Work {
    var standing: WebhookStanding
    var underWay = 0
    var sent: [SentWebhook] = []
    var hurries = false
    /// When it may be logged again that an event is refused.
    var complains = MonotonicInstant(nanoseconds: .min)
  }

  private func note(_ answer: WebhookAnswer, to event: DueWebhook, _ work: inout Work) {
    work.underWay -= 1
    let next: Timestamp? = answer == .taken ? nil : clock.now + wait(event.attempts)
    work.sent.append(SentWebhook(event, next: next))
    meters?.add(MeterTable.own.webhooks, Self.place(of: answer))
    switch work.standing.note(answer, at: .now) {
    case nil: break
    case .outage(let reason):
      logger.warning("webhooks: the endpoint takes no events", metadata: ["reason": "\(reason)"])
    case .gone:
      logger.error("webhooks: the endpoint wants no events any more, and gets none before the next start")
    case .back:
      logger.notice("webhooks: the endpoint takes events again")
      work.hurries = true
    }
    if case .refused(let code) = answer, MonotonicInstant.now >= work.complains {
      work.complains = .now.after(milliseconds: 60_000)
      logger.warning(
        "webhooks: the endpoint refuses an event", metadata: ["event": "\(event.id)", "code": "\(code)"])
    }
  }

  private func count(_ finding: WebhookKeeper.Finding, _ standing: WebhookStanding) {
    guard let meters else { return }
    let table = MeterTable.own
    meters.set(table.webhooksWaiting, to: finding.waiting)
    let age = finding.oldest.map { max(.zero, clock.now - $0) } ?? .zero
    meters.set(table.oldestWebhook, to: Int(clamping: age.wholeMicroseconds))
    meters.set(table.webhooksFlow, to: standing.flows ? 1 : 0)
  }

  /// A place of ``MeterWords/webhooks``.
  private static func place(of answer: WebhookAnswer) -> Int {
    switch answer {
    case .taken: 0
    case .refused: 1
    case .gone, .away: 2
    }
  }
}
