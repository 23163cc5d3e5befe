import Logging
import MTACore
import MTASystem

/// Writes a log line for each outcome and each report. It is called in place: no line is dropped, and lines are in the order of the events.
///
/// The text of a line is a constant. Foreign text stands in the fields alone.
struct DeliveryLog: Sendable {
  let logger: Logger

  func note(_ event: DeliveryNews) {
    guard logger.logLevel <= .info else { return }
    switch event {
    case .attempted(let event):
      logger.info(
        "delivery",
        metadata: [
          "mail": "\(event.mail)", "to": "\(event.recipient)", "destination": "\(event.destination)",
          "outcome": "\(event.outcome)", "message": "\(event.message)", "host": "\(event.host ?? "none")",
          "tls": "\(event.tls?.description ?? "none")", "policy": "\(event.tlsPolicy ?? "none")",
        ])
    case .reported(let event):
      logger.info(
        "report",
        metadata: [
          "mail": "\(event.report)", "for": "\(event.mail)",
          "to": "\(event.recipients.map(\.description).joined(separator: ","))", "parcels": "\(event.parcels.count)",
        ])
    case .committed, .said: break
    }
  }
}
