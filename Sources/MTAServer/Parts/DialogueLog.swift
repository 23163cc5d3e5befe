import Logging
import MTADelivery
import MTAReceiver

/// Shows and logs what is said on connections, both ways, as far as the settings ask for it.
struct DialogueLog: Sendable {
  let logger: Logger
  let settings: Settings

  /// For the receiver; nil when nobody wants to know.
  var received: (@Sendable (DialogueLine) -> Void)? {
    guard settings.displayReceiverDialog || settings.logReceiverConversation else { return nil }
    let (display, logs, logger) = (settings.displayReceiverDialog, settings.logReceiverConversation, logger)
    return { line in
      if display { print("#\(line.connection) \(line.remote) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "dialogue",
        metadata: [
          "connection": "\(line.connection)", "client": "\(line.remote)", "side": "\(line.side.rawValue)",
          "text": "\(line.text)",
        ])
    }
  }

  /// For the queue runner; nil when nobody wants to know.
  var delivered: (@Sendable (DeliveryDialogueLine) -> Void)? {
    guard settings.displayQueueRunnerDialog || settings.logQueueRunnerConversation else { return nil }
    let (display, logs, logger) = (settings.displayQueueRunnerDialog, settings.logQueueRunnerConversation, logger)
    return { line in
      if display { print("\(line.host) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "delivery dialogue",
        metadata: ["host": "\(line.host)", "side": "\(line.side.rawValue)", "text": "\(line.text)"])
    }
  }
}
