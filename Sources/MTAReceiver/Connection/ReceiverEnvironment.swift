package import Logging
package import MTACore

/// What all connections of a receiver share: the rooms behind it, by their protocols.
package struct ReceiverEnvironment: Sendable {
  package var store: any MessageStore
  package var contacts: ContactBook
  package var logins: LoginDesk
  package var lookup: any DNSLookup
  /// Where mail for a foreign domain goes; nil: as ``lookup`` says.
  package var findRoute: (@Sendable (DNSName) async -> MailRoute)?
  package var inspector: (@Sendable () -> any ContentInspector)?
  package var clock: any WallClock
  package var makeID: @Sendable (Timestamp) -> MailID
  package var timing: Receiver.Timing
  package var memory: SessionMemory
  package var logger: Logger
  /// Gets each line of each dialogue; credentials are masked.
  package var observer: (@Sendable (DialogueLine) -> Void)?

  package init(
    store: any MessageStore, contacts: ContactBook, logins: LoginDesk, lookup: any DNSLookup,
    inspector: (@Sendable () -> any ContentInspector)? = nil,
    clock: any WallClock, makeID: @escaping @Sendable (Timestamp) -> MailID, timing: Receiver.Timing, logger: Logger,
    memory: SessionMemory = SessionMemory(),
    observer: (@Sendable (DialogueLine) -> Void)? = nil
  ) {
    self.store = store
    self.contacts = contacts
    self.logins = logins
    self.lookup = lookup
    self.inspector = inspector
    self.clock = clock
    self.makeID = makeID
    self.timing = timing
    self.memory = memory
    self.logger = logger
    self.observer = observer
  }
}

extension ReceiverEnvironment {
  func route(of domain: DNSName) async -> MailRoute {
    if let findRoute { return await findRoute(domain) }
    return await lookup.mailRoute(of: domain)
  }

  func note(accepted envelope: Envelope) {
    logger.info(
      "accepted \(envelope.id) from=\(envelope.reversePath) recipients=\(envelope.recipients.count) client=\(envelope.clientAddress?.description ?? "?")"
    )
  }

  func note(dropped: [DroppedForward]) {
    for forward in dropped {
      logger.warning("forwarding: \(forward.forwarder) leads to \(forward.target), which is left out: \(forward.reply)")
    }
  }

  func note(failed failure: StoreFailure, _ id: MailID?) {
    logger.error("the store did not take message \(id?.description ?? "?"): \(failure)")
  }
}
