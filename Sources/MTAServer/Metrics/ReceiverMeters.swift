import MTACore
import MTAReceiver
import MTASystem

/// Counts the events of connections.
struct ReceiverMeters: Sendable {
  private let meters: Meters
  private let table = MeterTable.own
  private let stages: [String: Int]
  private let rules: [String: Int]

  init(_ meters: Meters) {
    self.meters = meters
    stages = Self.places(of: MeterWords.stages)
    rules = Self.places(of: MeterWords.rules)
  }

  private static func places(of words: [String]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: words.enumerated().map { ($0.element, $0.offset) })
  }

  var tap: Observers<ReceiverNews>.Tap { Observers.Tap { note($0) } }

  private func note(_ news: ReceiverNews) {
    switch news {
    case .opened(let event): meters.add(table.sessions, MeterWords.place(of: event.session.connection.role))
    case .turnedAway: meters.add(table.turnedAway)
    case .secured(let event): meters.add(table.secured, MeterWords.place(ofTLS: event.session.tls?.version))
    case .loggedIn: meters.add(table.logins, 0)
    case .loginRefused: meters.add(table.logins, 1)
    case .lockedOut: meters.add(table.lockouts)
    case .accepted(let mail): note(mail)
    case .discarded: meters.add(table.discarded)
    case .refused(let refusal):
      meters.add(
        table.refusals, stages[refusal.stage.description] ?? MeterWords.stages.count - 1,
        rules[refusal.source.description] ?? 0, refusal.reply.code < 500 ? 0 : 1)
    case .notStored(let mail): meters.add(table.notStored, Self.place(of: mail.failure))
    case .hookFailed(let failure):
      guard let hook = HookName(rawValue: failure.hook), let place = MeterWords.place(of: hook) else { return }
      meters.add(table.hookFailures, place, failure.wasLate ? 1 : 0)
    case .closed(let event):
      meters.add(table.sessionsClosed, MeterWords.place(of: event.session.connection.role))
      meters.record(table.sessionTime, time: event.duration)
      meters.add(table.bytesReceived, by: event.bytesReceived)
      meters.add(table.bytesSent, by: event.bytesSent)
    case .said: break
    }
  }

  private func note(_ mail: ReceiverEvent.Accepted) {
    meters.add(table.accepted)
    meters.add(table.recipients, by: mail.recipients)
    meters.record(table.mailSize, value: mail.bytes)
    meters.record(table.contentTime, time: mail.duration)
    meters.record(table.storeTime, time: mail.commit)
  }

  private static func place(of failure: StoreFailure) -> Int {
    switch failure {
    case .noSpace: 0
    case .failed: 1
    case .closed: 2
    }
  }
}
