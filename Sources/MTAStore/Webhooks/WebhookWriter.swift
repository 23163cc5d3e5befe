import MTACore
import MTASystem

/// The thread of a ``WebhookKeeper``. It opens the file when there is something to write or to find, and again after trouble.
final class WebhookWriter {
  private let configuration: WebhookKeeper.Configuration
  private var file: WebhookFile?
  private var isFailing = false
  /// The last failure was the file's fault.
  private var isDamaged = false
  private var dropped = 0
  /// Events for a file that cannot be written. What came first is dropped first.
  private var events: [WebhookEvent] = []
  /// What became of events, for such a file.
  private var sent: [SentWebhook] = []
  /// The events that are on their way, and those of ``sent``.
  private var outside: Set<Int64> = []
  private var next = MonotonicInstant.now
  private var looksForOld = MonotonicInstant.now

  private static let pause: Int64 = 60_000

  init(_ configuration: WebhookKeeper.Configuration) { self.configuration = configuration }

  /// - Parameters:
  ///   - take: waits for work until an instant, and returns what there is.
  ///   - written: is called after events were written.
  func run(_ take: (MonotonicInstant) -> WebhookKeeper.Turn, written: () -> Void, ended: () -> Void) {
    while true {
      let turn = take(.now.after(milliseconds: events.isEmpty && sent.isEmpty ? Self.pause : 1000))
      dropped += turn.dropped
      events += turn.events
      for request in turn.requests { sent += request.sent }
      let hurries = turn.requests.contains(where: \.hurries)
      let hadEvents = !events.isEmpty
      let isWritten = write(hurries: hurries, mustTry: turn.isLast)
      if isWritten, hadEvents { written() }
      for request in turn.requests { request.answer(isWritten && !turn.isLast ? find(request.limit) : nil) }
      if turn.isLast {
        // Closed before anyone is told: whoever waited for the end may touch the file.
        file = nil
        return ended()
      }
      tidy()
    }
  }

  /// - Returns: false if it must be tried again.
  private func write(hurries: Bool, mustTry: Bool) -> Bool {
    guard mustTry || MonotonicInstant.now >= next else {
      bound()
      return false
    }
    guard !events.isEmpty || !sent.isEmpty || hurries else { return true }
    do throws(SQLiteFailure) {
      let file = try opened()
      let now = configuration.clock.now
      if !events.isEmpty {
        try file.add(events, at: now)
        events = []
        dropped += try file.bound(sparing: outside, at: now)
      }
      if !sent.isEmpty {
        try file.settle(sent, at: now)
        outside.subtract(sent.map(\.number))
        sent = []
      }
      if hurries { try file.hurry(at: now) }
      if isFailing { configuration.notice(.writing) }
      isFailing = false
      if dropped > 0 { configuration.notice(.dropped(dropped)) }
      dropped = 0
      return true
    } catch {
      fail(error)
      bound()
      return false
    }
  }

  private func find(_ limit: Int) -> WebhookKeeper.Finding? {
    do throws(SQLiteFailure) {
      let file = try opened()
      let due = limit > 0 ? try file.due(at: configuration.clock.now, limit: limit, sparing: outside) : []
      let finding = WebhookKeeper.Finding(
        due: due, waiting: Int(clamping: try file.sum("events")), oldest: try file.oldest())
      outside.formUnion(due.map(\.number))
      return finding
    } catch {
      fail(error)
      return nil
    }
  }

  /// Removes what is too old, once a minute.
  private func tidy() {
    guard let file, MonotonicInstant.now >= looksForOld else { return }
    looksForOld = .now.after(milliseconds: Self.pause)
    do throws(SQLiteFailure) {
      let now = configuration.clock.now
      var count = 0
      while true {
        let removed = try file.removeOld(before: now - configuration.lifetime, sparing: outside, at: now)
        if removed == 0 { break }
        count += removed
        letOthersRun()
      }
      if count > 0 { configuration.notice(.expired(count)) }
    } catch { fail(error) }
  }

  private func opened() throws(SQLiteFailure) -> WebhookFile {
    if let file { return file }
    let (file, wasSetAside) = try WebhookFile.open(configuration, looks: isDamaged)
    isDamaged = false
    if wasSetAside {
      (outside, sent) = ([], [])
      configuration.notice(.setAside(path: configuration.path + ".damaged"))
    }
    self.file = file
    return file
  }

  /// The file is opened anew the next time; if it is damaged, it is set aside then.
  private func fail(_ failure: SQLiteFailure) {
    file = nil
    next = .now.after(milliseconds: configuration.patience.wholeMilliseconds)
    isDamaged = isDamaged || failure.isDamage
    if !isFailing { configuration.notice(.failing(reason: failure.description)) }
    isFailing = true
  }

  private func bound() {
    var bytes = events.reduce(0) { $0 + $1.cost }
    guard bytes > configuration.maximumWaiting else { return }
    var count = 0
    while bytes > configuration.maximumWaiting / 2, count < events.count {
      bytes -= events[count].cost
      count += 1
    }
    events.removeFirst(count)
    dropped += count
  }
}
