package import Logging
package import MTACore
package import MTASystem

/// What all connections of a receiver share: the rooms behind it, by their protocols.
package struct ReceiverEnvironment: Sendable {
  package var store: any MessageStore
  package var desk: any ReceptionDesk
  package var lookup: any DNSLookup
  /// Where mail for a foreign domain goes; nil: as ``lookup`` says.
  package var findRoute: (@Sendable (DNSName) async -> MailRoute)?
  /// What rewrites senders; nil where the session's configuration does it itself.
  package var rewriting: (any RewritingDesk)?
  package var inspector: (@Sendable () -> any ContentInspector)?
  package var clock: any WallClock
  package var makeID: @Sendable (Timestamp) -> MailID
  package var timing: Receiver.Timing
  package var memory: SessionMemory
  package let logger: Logger
  let log: ReceiverLog
  /// What the ids of its sessions have in common.
  package let stem: SessionID.Stem
  package var observers: Observers<ReceiverNews>
  /// Whether events have what was checked before them.
  package var keepsChecks = false
  /// Whether these have what was said, too: nil: never.
  package var keepsDialogue: (@Sendable (IPAddress) -> Bool)?
  /// The rules of the session's configuration.
  package var ruleNames = RuleNames()
  /// Nil: nothing is counted.
  package var meters: Meters?
  /// Nil: no content is shown.
  package var contentTap: ContentTap?

  package init(
    store: any MessageStore, desk: any ReceptionDesk, lookup: any DNSLookup,
    inspector: (@Sendable () -> any ContentInspector)? = nil,
    clock: any WallClock, makeID: @escaping @Sendable (Timestamp) -> MailID, timing: Receiver.Timing, logger: Logger,
    memory: SessionMemory = SessionMemory(),
    observers: Observers<ReceiverNews> = Observers(), stem: SessionID.Stem
  ) {
    self.store = store
    self.desk = desk
    self.lookup = lookup
    self.inspector = inspector
    self.clock = clock
    self.makeID = makeID
    self.timing = timing
    self.memory = memory
    self.logger = logger
    log = ReceiverLog(log: EventLog(logger))
    self.stem = stem
    self.observers = observers
  }
}

// Log lines: what is said is a constant, and what is foreign stands in the fields alone.
extension ReceiverEnvironment {
  func route(of domain: DNSName) async -> MailRoute {
    if let findRoute { return await findRoute(domain) }
    return await lookup.mailRoute(of: domain)
  }

  /// Tells the log, and the observers if there are any.
  func tell(_ event: ReceiverNews) {
    log.note(event)
    if !observers.isEmpty { observers.tell(event) }
  }

  /// A connection is one too many. No session began for it.
  func tellTurnedAway(_ client: IPAddress, localPort: UInt16) {
    tell(.turnedAway(.init(at: clock.now, client: client, localPort: localPort)))
  }

  /// A suspended user would log in: no refusal like others, for what watches those shall not lock the user's network out.
  func noteSuspended(_ attempt: LoginTry) {
    logger.notice(
      "login of a suspended user",
      metadata: ["client": "\(attempt.address)", "sasl_username": "\(attempt.account?.description ?? "none")"])
  }

  /// Mail leaves with a signature that its author's name does not explain, or without one.
  func note(_ note: AuthorNote) {
    let signers = note.signers.isEmpty ? "none" : note.signers.map(\.description).joined(separator: ",")
    logger.notice(
      note.isReadable ? "no domain of the user's may sign" : "the author cannot be read",
      metadata: [
        "id": "\(note.mail?.description ?? "none")", "sasl_username": "\(note.login ?? "none")",
        "signers": "\(signers)",
      ])
  }

  func note(dropped: [DroppedForward]) {
    for forward in dropped {
      logger.warning(
        "a target of a forward is left out",
        metadata: ["forwarder": "\(forward.forwarder)", "to": "\(forward.target)", "reply": "\(forward.reply)"])
    }
  }
}
