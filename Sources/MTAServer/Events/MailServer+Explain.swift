package import MTACore
import MTAStore
import MTASystem

/// What became of a mail, and why: for operators, beside a running server and without one. As root these become the user of the settings:
/// see ``MailServer/runQueue(_:_:)``.
extension MailServer {
  /// One mail, with all that events and the queue say of it; nil if neither knows it.
  ///
  /// - Throws: ``StartFailure`` when the queue cannot be opened, and `StoreFailure` when it or the events cannot be read.
  package static func explain(
    _ id: MailID, _ settings: Settings, _ parts: Parts = Parts()
  ) async throws -> MailStory? {
    try await withStore(settings, parts) { store in
      try await story(of: id, settings, store, hasEvents: parts.store == nil)
    }
  }

  /// The mails that a search finds, newest first.
  ///
  /// - Parameter limit: of mails. If as many are returned, there may be more.
  package static func explain(
    _ search: StorySearch, _ settings: Settings, _ parts: Parts = Parts(), limit: Int = 200
  ) async throws -> [MailStory] {
    try await withStore(settings, parts) { store in
      guard parts.store == nil else { return [] }
      let found: [Match]
      // The queue is another file, and may be whole.
      do { found = try matches(search, settings, limit: limit) } catch let failure as StoreFailure {
        throw StoreFailure.failed("the events in \(settings.eventPath) cannot be read: \(words(of: failure))")
      }
      var stories: [MailStory] = []
      for match in found {
        switch match {
        case .mail(let id):
          if let story = try await story(of: id, settings, store, hasEvents: true, isFresh: false) {
            stories.append(story)
          }
        case .refused(let records): if let story = MailStory(refused: records) { stories.append(story) }
        }
      }
      stories.sort { $0.at > $1.at }
      return Array(stories.prefix(limit))
    }
  }

  private static func words(of failure: StoreFailure) -> String {
    switch failure {
    case .noSpace: "the disk or a quota is full"
    case .failed(let what): what
    case .closed: "the file is closed"
    }
  }

  /// Events are written a moment after the mail: of a new one they are waited for.
  private static func story(
    of id: MailID, _ settings: Settings, _ store: any ServerStore, hasEvents: Bool, isFresh: Bool = true
  ) async throws -> MailStory? {
    var queued: QueuedMail?
    var records: [EventRecord] = []
    var trouble: StoreFailure?
    let clock = SystemClock()
    let end = clock.now + .seconds(1)
    repeat {
      queued = try await queuedMail(id, store)
      // What the queue knows is told in any case.
      do throws(StoreFailure) {
        (records, trouble) = (hasEvents ? try EventReader(path: settings.eventPath)?.records(of: id) ?? [] : [], nil)
      } catch { (records, trouble) = ([], error) }
      let isNew = queued?.createdAt.map { clock.now - $0 < .seconds(5) } ?? false
      guard isFresh, hasEvents, settings.eventKeeping != nil, isNew, records.allSatisfy({ $0.kind != .accepted }) else {
        break
      }
      try await Task.sleep(for: .milliseconds(50))
    } while clock.now < end
    guard var story = MailStory(of: id, records, queued) else { return nil }
    if let trouble {
      story.note("the events in \(settings.eventPath) cannot be read: \(words(of: trouble))")
    } else if !hasEvents {
      story.note("this program has a store of its own, and keeps no events")
    } else if story.reportOf == nil,
      story.session == nil || !records.contains(where: { $0.kind == .accepted || $0.kind == .refused })
    {
      story.note(
        settings.eventKeeping == nil
          ? "no events are kept: eventRetention is 0"
          : "how the mail came is not known: it is of this system itself, or older than what is kept")
    }
    return story
  }

  /// Of a store that does not show single mails nothing is known.
  private static func queuedMail(_ id: MailID, _ store: any ServerStore) async throws(StoreFailure) -> QueuedMail? {
    do throws(StoreFailure) { return try await store.queuedMail(id) } catch {
      if store is MailStore { throw error }
      return nil
    }
  }

  private enum Match {
    case mail(MailID)
    case refused([EventRecord])
  }

  private static func matches(_ search: StorySearch, _ settings: Settings, limit: Int) throws -> [Match] {
    guard search.since <= search.until, let reader = try EventReader(path: settings.eventPath) else { return [] }
    let times = search.since...search.until
    var found: [Match] = []
    if !search.isRefused {
      var mails: Set<MailID> = []
      try reader.scan(.mails, times, containing: search.needle) { record in
        guard let id = record.mail, record.kind == .accepted || record.kind == .attempted,
          search.matches(EventFields(record.fields)), mails.insert(id).inserted
        else { return true }
        found.append(.mail(id))
        return mails.count < limit
      }
    }
    for shelf in [EventRecord.Shelf.refusals, .strangers] {
      found += try refusals(on: shelf, search, times, reader, limit: limit)
    }
    return found
  }

  /// Refusals of one session about one sender are one match.
  private static func refusals(
    on shelf: EventRecord.Shelf, _ search: StorySearch, _ times: ClosedRange<Timestamp>, _ reader: EventReader,
    limit: Int
  ) throws -> [Match] {
    struct Key: Hashable { let session: String?, sender: String? }
    // A client may try a thousand recipients: the newest are enough.
    let most = 200
    var groups: [Key: [EventRecord]] = [:]
    var order: [Key] = []
    try reader.scan(shelf, times, containing: search.needle) { record in
      let fields = EventFields(record.fields)
      guard search.matches(fields) else { return true }
      let key = Key(session: fields["session"], sender: fields["from"])
      if groups[key] == nil {
        guard order.count < limit else { return false }
        order.append(key)
      }
      if groups[key, default: []].count < most { groups[key, default: []].append(record) }
      return true
    }
    return order.compactMap { groups[$0].map { .refused($0) } }
  }
}
