package import MTACore
package import MTASystem

/// Keeps what became of mails, in a file of its own beside the queue's: for `explain`.
///
/// ``note(_:)`` puts a record into a queue in memory and returns; a thread writes what waits, many records in one transaction. So
/// keeping is never in the way of a mail: neither a slow disk nor a full one, nor a file that is damaged, is waited for. What does not fit
/// into the queue is dropped and counted. What a crash of the process takes with it are the records of the last moments.
package final class EventKeeper: Sendable {
  package struct Configuration: Sendable {
    package var path: String
    /// How long a record is kept.
    package var retention: Duration
    /// Bytes of all records, about.
    package var maximumBytes: Int
    /// Bytes of records that wait to be written. Default 8 MiB.
    package var maximumWaiting = 8 << 20
    /// The clients of one network of IPv6 are one, for what is kept of refusals. Default 64.
    package var contactPrefix = ContactKey.prefixLength
    /// How long records are gathered, so that many are written at once.
    package var gathering = Duration.milliseconds(100)
    /// How long the writer waits after a failure.
    package var patience = Duration.seconds(5)
    package var clock: any WallClock = SystemClock()
    /// Is told what the log should know of.
    package var notice: @Sendable (EventNotice) -> Void = { _ in }
    /// Nil in production.
    package var faults: FaultPlan?

    package init(path: String, retention: Duration, maximumBytes: Int) {
      self.path = path
      self.retention = retention
      self.maximumBytes = maximumBytes
    }

    /// The share that a shelf has of the room: most is for accepted mail.
    func share(of shelf: EventRecord.Shelf) -> Int {
      switch shelf {
      case .mails: maximumBytes / 10 * 7
      case .refusals: maximumBytes / 10 * 2
      case .strangers: maximumBytes / 10
      }
    }
  }

  private struct Inbox {
    var records: [EventRecord] = []
    var bytes = 0
    /// Dropped since the last write.
    var dropped = 0
    var limit: EventLimit
    var isClosing = false
    var isOver = false
    var whenOver: [@Sendable () -> Void] = []
  }

  private let configuration: Configuration
  private let inbox: Monitor<Inbox>

  /// Opens nothing yet: the thread does.
  package init(_ configuration: Configuration) {
    self.configuration = configuration
    inbox = Monitor(Inbox(limit: EventLimit(prefixLength: configuration.contactPrefix)))
    let (inbox, configuration) = (inbox, configuration)
    startThread {
      EventWriter(configuration).run {
        Self.take(from: inbox, $0)
      } ended: {
        Self.end(inbox)
      }
    }
  }

  /// The thread writes what waits, and ends.
  deinit {
    inbox.signal { inbox in
      inbox.isClosing = true
      return true
    }
  }

  /// Keeps a record, soon. Never waits for the disk.
  package func note(_ record: EventRecord) {
    guard record.fields.count <= EventRecord.maximumBytes else { return }
    var record = record
    let now = configuration.clock.now
    // A receiver says when; it may be a stranger's.
    if record.at > now || now - record.at > .seconds(60) { record.at = now }
    let cost = EventSchema.cost(fields: record.fields.count, mail: 64)
    inbox.signal { inbox in
      guard !inbox.isClosing, inbox.limit.admits(record) else { return false }
      guard inbox.bytes + cost <= configuration.maximumWaiting else {
        inbox.dropped += 1
        return false
      }
      inbox.records.append(record)
      inbox.bytes += cost
      return inbox.records.count == 1
    }
  }

  /// Writes what waits. Takes nothing more.
  package func close() async {
    await withCheckedContinuation { continuation in
      let isOver = inbox.withLock { inbox in
        inbox.isClosing = true
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

  /// Waits for records.
  ///
  /// - Parameter end: when to return without any.
  private static func take(from inbox: Monitor<Inbox>, _ end: MonotonicInstant) -> EventWriter.Turn {
    inbox.wait(
      until: { _ in end },
      take: { inbox in
        guard !inbox.records.isEmpty || inbox.isClosing else { return nil }
        defer { (inbox.records, inbox.bytes, inbox.dropped) = ([], 0, 0) }
        return EventWriter.Turn(records: inbox.records, dropped: inbox.dropped, isLast: inbox.isClosing)
      }) ?? EventWriter.Turn()
  }
}

/// What an operator should know of the events.
package enum EventNotice: Hashable, Sendable {
  /// The file was damaged. It is there now.
  case setAside(path: String)
  case failing(reason: String)
  /// After ``failing(reason:)``.
  case writing
  /// So many records are not there.
  case dropped(Int)
}
