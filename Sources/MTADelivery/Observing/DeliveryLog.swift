import Logging
import MTACore
import MTASystem

/// Writes a log line for each outcome and each report. It is called in place: no line is dropped, and lines are in the order of the events.
/// `Docs/OPERATING.md` lists the lines.
struct DeliveryLog: Sendable {
  let log: EventLog

  func note(_ event: DeliveryNews) {
    switch event {
    case .attempted(let event): note(event)
    case .reported(let event):
      log.write(.info, "report") { fields in
        fields.append("id", event.report.description)
        fields.append("for", event.mail.description)
        fields.append("to", event.recipients.map { "<\($0)>" }.joined(separator: ","))
        fields.append("about", Self.status(event.outcome, isExpired: false))
        fields.append("parcels", number: event.parcels.count)
      }
    case .committed, .said: break
    }
  }

  private func note(_ event: DeliveryEvent.Outcome) {
    let status = Self.status(event.outcome, isExpired: event.isExpired)
    log.write(.info, event.outcome == .delivered ? "delivered" : status) { fields in
      fields.append("id", event.mail.description)
      if let session = event.session { fields.append("session", session.description) }
      fields.append("from", event.sender.description, limit: 256)
      fields.append("to", "<\(event.recipient)>", limit: 256)
      fields.append("relay", event.host ?? (event.outcome == .delivered ? event.destination : "none"), limit: 255)
      fields.append("destination", event.destination, limit: 255)
      fields.append("delay", seconds: event.age)
      fields.write("delays") { bytes in
        let before = event.age - event.duration - event.waited
        for (place, time) in [before, event.waited, event.connecting, event.duration - event.connecting].enumerated() {
          if place > 0 { bytes.append(UInt8(ascii: "/")) }
          LogFields.append(seconds: time, to: &bytes)
        }
      }
      fields.write("dsn") { bytes in
        LogFields.append(number: Self.statusClass(event.outcome), to: &bytes)
        for number in [event.status.subject, event.status.detail] {
          bytes.append(UInt8(ascii: "."))
          LogFields.append(number: Int64(number), to: &bytes)
        }
      }
      fields.append("status", status)
      fields.append("attempts", number: event.attempts)
      if let next = event.nextTry { fields.append("next", next.description) }
      fields.write("tls") { bytes in
        guard let tls = event.tls else { return bytes.append(contentsOf: "none".utf8) }
        bytes.append(contentsOf: tls.version.utf8)
        if !tls.cipher.isEmpty { bytes.append(UInt8(ascii: ":")) }
        bytes.append(contentsOf: tls.cipher.utf8)
      }
      if let policy = event.tlsPolicy { fields.append("policy", policy, limit: 255) }
      fields.append("reason", event.message)
    }
  }

  /// In the words of Postfix.
  private static func status(_ outcome: DeliveryOutcome, isExpired: Bool) -> String {
    switch outcome {
    case .delivered: "sent"
    case .deferred: "deferred"
    case .failed: isExpired ? "expired" : "bounced"
    case .held: "held"
    }
  }

  private static func statusClass(_ outcome: DeliveryOutcome) -> Int64 {
    switch outcome {
    case .delivered: 2
    case .deferred, .held: 4
    case .failed: 5
    }
  }
}
