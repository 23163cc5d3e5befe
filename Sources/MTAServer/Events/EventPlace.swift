import Logging
import MTACore
import MTALink
import MTAReceiver
import MTAStore
import MTASystem

/// Where a process keeps the events of mails: a file, the way to the process that has it, or nothing.
enum EventPlace: Sendable {
  case none
  case file(EventKeeper)
  case link(LinkClient)

  /// - Parameter house: whoever has the queue has the file; receivers have the way to it.
  init(_ settings: Settings, _ parts: MailServer.Parts, _ house: House, logger: Logger) {
    guard let configuration = settings.eventKeeping, parts.store == nil else {
      self = .none
      return
    }
    if let link = house.link {
      self = .link(link)
    } else if house.hasQueue {
      var configuration = configuration
      configuration.notice = { notice in
        switch notice {
        case .writing: logger.notice("\(notice.event)")
        case .setAside, .failing, .dropped:
          logger.warning("\(notice.event)", metadata: notice.detail.map { [notice.field: "\($0)"] } ?? [:])
        }
      }
      self = .file(EventKeeper(configuration))
    } else {
      self = .none
    }
  }

  /// Keeps a record; nil where none is kept.
  var keep: (@Sendable (EventRecord) -> Void)? {
    switch self {
    case .none: nil
    case .file(let keeper): { keeper.note($0) }
    case .link(let link): { link.tell($0) }
    }
  }

  /// Writes, or sends, what waits.
  func close() async {
    switch self {
    case .none: break
    case .file(let keeper): await keeper.close()
    case .link(let link): link.flush()
    }
  }
}

extension Settings {
  /// Nil if none is kept.
  var eventKeeping: EventKeeper.Configuration? {
    guard eventRetention > .zero else { return nil }
    var configuration = EventKeeper.Configuration(
      path: eventPath, retention: eventRetention, maximumBytes: eventMaximumBytes)
    configuration.contactPrefix = receiver.contacts.prefixLength
    return configuration
  }

  /// Beside the database, so that whoever may write there may write it.
  var eventPath: String { database + ".events" }
}

extension EventNotice {
  /// The words of a line in the log, always the same.
  fileprivate var event: String {
    switch self {
    case .setAside: "the events of mails were damaged, and begin anew"
    case .failing: "the events of mails cannot be written"
    case .writing: "the events of mails are written again"
    case .dropped: "events of mails are missing"
    }
  }

  fileprivate var field: String {
    switch self {
    case .setAside: "path"
    case .failing, .writing: "reason"
    case .dropped: "missing"
    }
  }

  fileprivate var detail: String? {
    switch self {
    case .setAside(let path): path
    case .failing(let reason): reason
    case .writing: nil
    case .dropped(let count): "\(count)"
    }
  }
}
