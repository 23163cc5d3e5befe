import Logging
import MTACore
import MTADelivery
import MTAReceiver
import MTASystem

/// Shows and logs dialogues, of both directions, and arriving content, as the settings say and for the peers that they name. Its taps are
/// called in place, so no line is dropped.
struct DialogueLog: Sendable {
  let logger: Logger
  let settings: Settings

  /// Whether ``Settings/debugPeers`` has the peer, or is empty.
  private var isFor: @Sendable (IPAddress?) -> Bool {
    let peers = settings.debugPeers
    return { address in peers.isEmpty || address.map { address in peers.contains { $0.contains(address) } } ?? false }
  }

  /// The dialogues of named peers are logged in any case.
  private var namesPeers: Bool { !settings.debugPeers.isEmpty }

  /// The peers whose dialogues events have, too: those that the log has. Nil: none.
  var keptWithEvents: (inbound: (@Sendable (IPAddress?) -> Bool)?, outbound: (@Sendable (IPAddress?) -> Bool)?) {
    (
      settings.logReceiverConversation || namesPeers ? isFor : nil,
      settings.logQueueRunnerConversation || namesPeers ? isFor : nil
    )
  }

  /// For the receiver; nil if the settings ask for nothing.
  var received: Observers<ReceiverNews>.Tap? {
    let (display, logs) = (settings.displayReceiverDialog, settings.logReceiverConversation || namesPeers)
    guard display || logs else { return nil }
    return Observers.Tap(watchesDialogue: true) { [logger, isFor] event in
      guard case .said(let line) = event, isFor(line.address) else { return }
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
    let (display, logs) = (settings.displayQueueRunnerDialog, settings.logQueueRunnerConversation || namesPeers)
    guard display || logs else { return nil }
    return Observers.Tap(watchesDialogue: true) { [logger, isFor] event in
      guard case .said(let line) = event, isFor(line.address) else { return }
      if display { print("\(line.peer) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "delivery dialogue",
        metadata: ["host": "\(line.peer)", "side": "\(line.side.rawValue)", "text": "\(line.text)"])
    }
  }

  /// For arriving content; nil if the settings ask for nothing.
  var content: ContentTap? {
    let (display, logs) = (settings.showIncomingData, settings.dumpMailIntoLog)
    guard display || logs else { return nil }
    let isFor = isFor
    let show: @Sendable (ContentTap.Line) -> Void = { [logger] line in
      if display { print("#\(line.connection) \(line.client) D: \(line.text)") }
      guard logs else { return }
      logger.info(
        "content",
        metadata: [
          "connection": "\(line.connection)", "client": "\(line.client)", "id": "\(line.mail)",
          "text": "\(line.text)",
        ])
    }
    return ContentTap(for: { isFor($0) }, show)
  }
}
