package import MTACore
package import MTASystem

/// Keeps events until the endpoint of `eventsTo` has them, in a file of their own beside the queue's.
///
/// ``note(_:)`` puts an event into a queue in memory and returns; a thread writes what waits, many events in one transaction. So nothing
/// of it is in the way of a mail. What fits neither into memory nor into the file is dropped, the oldest first, and counted. What a crash
/// of the process takes with it are the events of the last moments.
package final class WebhookKeeper: Sendable {
  package struct Configuration: Sendable {
    package var path: String
    /// How long an event may wait.
    package var lifetime: Duration
    /// Bytes of all events in the file, about.
    package var maximumBytes: Int
    /// Bytes of events that wait to be written. Default 8 MiB.
    package var maximumWaiting = 8 << 20
    /// How long the thread waits after a failure.
    package var patience = Duration.seconds(5)
    package var clock: any WallClock = SystemClock()
    /// Is told what the log should know of.
    package var notice: @Sendable (WebhookNotice) -> Void = { _ in }
    /// Nil in production.
    package var faults: FaultPlan?

    package init(path: String, lifetime: Duration, maximumBytes: Int) {
      self.path = path
      self.lifetime = lifetime
      self.maximumBytes = maximumBytes
    }
  }

  /// What the sender learns from the file.
  package struct Finding: Hashable, Sendable {
    package var due: [DueWebhook] = []
    /// All that wait, those on their way among them.
    package var waiting = 0
    package var oldest: Timestamp?
  }

  struct Request: Sendable {
    let sent: [SentWebhook]
    let limit: Int
    let hurries: Bool
    let answer: @Sendable (Finding?) -> Void
  }

  struct Turn {
    var events: [WebhookEvent] = []
    var requests: [Request] = []
    var dropped = 0
    var isLast = false
  }

  private struct Inbox {
    var turn = Turn()
    var bytes = 0
    var news: (@Sendable () -> Void)?
    var isOver = false
    var whenOver: [@Sendable () -> Void] = []
  }

  private let configuration: Configuration
  private let inbox = Monitor(Inbox())

  /// Opens nothing yet: the thread does.
  package init(_ configuration: Configuration) {
    self.configuration = configuration
    let (inbox, configuration) = (inbox, configuration)
    startThread {
      WebhookWriter(configuration).run {
        Self.take(from: inbox, $0)
      } written: {
        inbox.withLock { $0.news }?()
      } ended: {
        Self.end(inbox)
      }
    }
  }

  /// The thread writes what waits, and ends.
  deinit {
    inbox.signal { inbox in
      inbox.turn.isLast = true
      return true
    }
  }

  /// Keeps an event, soon. Never waits for the disk.
  package func note(_ event: WebhookEvent) {
    let cost = event.cost
    inbox.signal { inbox in
      guard !inbox.turn.isLast else { return false }
      guard inbox.bytes + cost <= configuration.maximumWaiting else {
        inbox.turn.dropped += 1
        return false
      }
      inbox.turn.events.append(event)
      inbox.bytes += cost
      return true
    }
  }

  /// Calls `body` whenever events were written; nil: nobody listens any more.
  package func onNews(_ body: (@Sendable () -> Void)?) { inbox.withLock { $0.news = body } }

  /// Records what became of events that were sent, and takes some that are due. What was taken is not due again before it is recorded.
  ///
  /// - Parameters:
  ///   - limit: of the events that are taken.
  ///   - hurries: all that waits for its time is due.
  /// - Returns: nil if the file cannot be read or written. What was sent is recorded later, then.
  package func exchange(_ sent: [SentWebhook] = [], taking limit: Int, hurries: Bool = false) async -> Finding? {
    await withCheckedContinuation { continuation in
      let request = Request(sent: sent, limit: limit, hurries: hurries) { continuation.resume(returning: $0) }
      var isOver = false
      inbox.signal { inbox in
        isOver = inbox.turn.isLast
        if !isOver { inbox.turn.requests.append(request) }
        return !isOver
      }
      if isOver { continuation.resume(returning: nil) }
    }
  }

  /// Writes what waits. Takes nothing more.
  package func close() async {
    await withCheckedContinuation { continuation in
      let isOver = inbox.withLock { inbox in
        inbox.turn.isLast = true
        if !inbox.isOver { inbox.whenOver.append { continuation.resume() } }
        return inbox.isOver
      }
      inbox.wakeAll()
      if isOver { continuation.resume() }
    }
  }

  private static func end(_ inbox: Monitor<Inbox>) {
    let waiting = inbox.withLock { inbox in
      inbox.isOver = true
      defer { inbox.whenOver = [] }
      return inbox.whenOver
    }
    for body in waiting { body() }
  }

  private static func take(from inbox: Monitor<Inbox>, _ end: MonotonicInstant) -> Turn {
    inbox.wait(
      until: { _ in end },
      take: { inbox in
        guard !inbox.turn.events.isEmpty || !inbox.turn.requests.isEmpty || inbox.turn.isLast else { return nil }
        defer {
          let isLast = inbox.turn.isLast
          inbox.turn = Turn()
          inbox.turn.isLast = isLast
          inbox.bytes = 0
        }
        return inbox.turn
      }) ?? Turn()
  }
}
