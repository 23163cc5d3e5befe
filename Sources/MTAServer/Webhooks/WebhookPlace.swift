import Logging
import MTACore
import MTADelivery
import MTAStore
import MTASystem
import MTATLS
import NIOPosix

/// The events for `eventsTo` in a process with the queue: the file that keeps them, and what sends them.
struct WebhookPlace: Sendable {
  let keeper: WebhookKeeper
  private let body: WebhookBody
  private let post: WebhookPost
  private let connections: Int
  private let logger: Logger
  private let meters: Meters?

  /// Nil where nothing is told: no endpoint, no queue, or a store of the program's own.
  ///
  /// - Throws: ``StartFailure``, naming the setting that cannot be used.
  init?(
    _ settings: Settings, _ parts: MailServer.Parts, _ house: House, dns: any DNSLookup, logger: Logger, meters: Meters?
  ) throws(StartFailure) {
    guard let target = settings.webhooks.target, var configuration = settings.webhookKeeping, house.hasQueue,
      parts.store == nil
    else { return nil }
    let keys = try settings.webhookKeys()
    do throws(TLSFailure) {
      post = try WebhookPost(
        target, keys: keys, dns: SystemHosts(before: dns), group: MultiThreadedEventLoopGroup.singleton,
        trustRoots: settings.trustRoots.map { .certificates(InheritedFiles.shared.pem($0)) } ?? .system,
        timeLimit: settings.webhooks.timeLimit, allowsClear: settings.webhooks.allowsClear)
    } catch { throw StartFailure("trustRoots: \(error)") }
    configuration.notice = { Self.tell($0, logger, meters) }
    keeper = WebhookKeeper(configuration)
    body = WebhookBody(kinds: Set(settings.webhooks.kinds))
    connections = settings.webhooks.connections
    self.logger = logger
    self.meters = meters
  }

  var tap: Observers<DeliveryNews>.Tap {
    let (keeper, body) = (keeper, body)
    return Observers.Tap { news in
      if case .attempted(let outcome) = news, let event = body.event(of: outcome) { keeper.note(event) }
    }
  }

  func close() async { await keeper.close() }

  /// Sends until the task is cancelled.
  func send() async {
    let post = post
    await WebhookSender(keeper: keeper, connections: connections, logger: logger, meters: meters) {
      await post(id: $0, body: $1, at: $2)
    }.run()
  }

  private static func tell(_ notice: WebhookNotice, _ logger: Logger, _ meters: Meters?) {
    switch notice {
    case .setAside(let path):
      logger.error("webhooks: the events that waited were damaged, and are set aside", metadata: ["path": "\(path)"])
    case .failing(let reason):
      logger.warning("webhooks: events cannot be kept", metadata: ["reason": "\(reason)"])
    case .writing: logger.notice("webhooks: events are kept again")
    case .dropped(let count):
      meters?.add(MeterTable.own.webhooks, 3, by: count)
      logger.warning("webhooks: events were dropped, for there was no room", metadata: ["missing": "\(count)"])
    case .expired(let count):
      meters?.add(MeterTable.own.webhooks, 4, by: count)
      logger.warning("webhooks: events were dropped, for their time was over", metadata: ["missing": "\(count)"])
    }
  }
}
