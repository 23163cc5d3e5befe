import Logging
import MTADelivery
import MTAReceiver
import MTASystem

/// Shows and logs dialogues, of both directions, as the settings say. Its taps are called in place, so no line is dropped.
struct DialogueLog: Sendable {
  let logger: Logger
  let settings: Settings

  /// For the receiver; nil if the settings ask for nothing.
  var received: Observers<ReceiverNews>.Tap? {
    let (display, logs) = (settings.displayReceiverDialog, settings.logReceiverConversation)
    guard display || logs else { return nil }
    return Observers.Tap(watchesDialogue: true) { [logger] event in
      guard case .said(let line) = event else { return }
      let number = line.connection ?? 0
      if display { print("#\(number) \(line.peer) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "dialogue",
        metadata: [
          "connection": "\(number)", "client": "\(line.peer)", "side": "\(line.side.rawValue)", "text": "\(line.text)",
        ])
    }
  }

  /// For the queue runner; nil if the settings ask for nothing.
  var delivered: Observers<DeliveryNews>.Tap? {
    let (display, logs) = (settings.displayQueueRunnerDialog, settings.logQueueRunnerConversation)
    guard display || logs else { return nil }
    return Observers.Tap(watchesDialogue: true) { [logger] event in
      guard case .said(let line) = event else { return }
      if display { print("\(line.peer) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "delivery dialogue",
        metadata: ["host": "\(line.peer)", "side": "\(line.side.rawValue)", "text": "\(line.text)"])
    }
  }
}
