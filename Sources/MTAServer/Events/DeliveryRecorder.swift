import MTACore
import MTADelivery
import MTASystem

/// Makes records of attempts and reports.
struct DeliveryRecorder: Sendable {
  let keep: @Sendable (EventRecord) -> Void

  var tap: Observers<DeliveryNews>.Tap {
    Observers.Tap { news in
      switch news {
      case .attempted(let outcome): note(outcome)
      case .reported(let report): note(report)
      case .committed, .said: break
      }
    }
  }

  private func note(_ event: DeliveryEvent.Outcome) {
    var fields = LogFields(capacity: 512)
    fields.append(from: event.sender)
    fields.append("to", event.recipient)
    fields.append("outcome", Self.word(event))
    fields.append("destination", event.destination, limit: 255)
    fields.append("way", event.way.rawValue)
    if let host = event.host { fields.append("host", host, limit: 255) }
    if let tls = event.tls { fields.append("tls", tls.description, limit: 128) }
    if let policy = event.tlsPolicy { fields.append("policy", policy, limit: 500) }
    if let reply = event.reply { fields.append("reply", reply) }
    fields.append("reason", event.message)
    fields.append("dsn", "\(event.status.subject).\(event.status.detail)")
    fields.append("attempt", number: event.attempts)
    fields.append("duration", seconds: event.duration)
    fields.append("waited", seconds: event.waited)
    fields.append("connecting", seconds: event.connecting)
    if let next = event.nextTry { fields.append("next", number: next.milliseconds) }
    if event.isByHook { fields.append("hook", "1") }
    for line in event.dialogue where fields.bytes.count < Self.mostBytes { fields.append("said", line, limit: 500) }
    keep(EventRecord(.attempted, at: event.at, on: .mails, mail: event.mail, fields: fields.bytes))
  }

  /// Of a record with its dialogue.
  private static let mostBytes = 32_768

  private static func word(_ event: DeliveryEvent.Outcome) -> String {
    switch event.outcome {
    case .delivered: "delivered"
    case .deferred: "deferred"
    case .failed: event.isExpired ? "expired" : "bounced"
    case .held: "held"
    }
  }

  private func note(_ event: DeliveryEvent.Reported) {
    var fields = LogFields(capacity: 128)
    fields.append("report", event.report.description)
    fields.append("about", event.outcome == .deferred ? "delay" : "failure")
    for recipient in event.recipients.prefix(8) { fields.append("to", recipient) }
    fields.append("due", number: event.due.milliseconds)
    keep(EventRecord(.reported, at: event.at, on: .mails, mail: event.mail, fields: fields.bytes))
    // So that the report itself tells what it is about.
    var other = LogFields(capacity: 64)
    other.append("of", event.mail.description)
    keep(EventRecord(.reported, at: event.at, on: .mails, mail: event.report, fields: other.bytes))
  }
}
