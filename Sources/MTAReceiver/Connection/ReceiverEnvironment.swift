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

// Log lines: what is said is a constant, and what is foreign stands in the fields alone.
extension ReceiverEnvironment {
  func route(of domain: DNSName) async -> MailRoute {
    if let findRoute { return await findRoute(domain) }
    return await lookup.mailRoute(of: domain)
  }

  func note(accepted envelope: Envelope) {
    guard logger.logLevel <= .info else { return }
    var fields: Logger.Metadata = [
      "mail": "\(envelope.id)", "from": "\(envelope.reversePath)", "recipients": "\(envelope.recipients.count)",
      "client": "\(envelope.clientAddress?.description ?? "none")",
    ]
    if let login = envelope.authenticatedAs { fields["login"] = "\(login)" }
    logger.info("accepted", metadata: fields)
  }

  func note(_ notes: SessionNotes, _ client: IPAddress) {
    note(notes.refusals, client)
    if let author = notes.author { note(author) }
  }

  private func note(_ refusals: [RefusalNote], _ client: IPAddress) {
    guard logger.logLevel <= .info else { return }
    for refusal in refusals {
      var fields: Logger.Metadata = [
        "stage": "\(refusal.stage)", "client": "\(client)", "reply": "\(refusal.reply)",
      ]
      if let mail = refusal.mail { fields["mail"] = "\(mail)" }
      if let from = refusal.from { fields["from"] = "\(from)" }
      if let to = refusal.to { fields["to"] = "\(to)" }
      if let login = refusal.login { fields["login"] = "\(login)" }
      logger.info("refused", metadata: fields)
    }
  }

  func note(hook: String, wasLate: Bool, _ error: String, _ client: IPAddress, _ mail: MailID?) {
    logger.warning(
      "a hook failed",
      metadata: [
        "hook": "\(hook)", "how": wasLate ? "late" : "threw", "error": "\(error)", "client": "\(client)",
        "mail": "\(mail?.description ?? "none")",
      ])
  }

  /// Mail leaves with a signature that its author's name does not explain, or without one.
  private func note(_ note: AuthorNote) {
    let signers = note.signers.isEmpty ? "none" : note.signers.map(\.description).joined(separator: ",")
    logger.notice(
      note.isReadable ? "no domain of the user's may sign" : "the author cannot be read",
      metadata: [
        "mail": "\(note.mail?.description ?? "none")", "login": "\(note.login ?? "none")", "signers": "\(signers)",
      ])
  }

  func note(dropped: [DroppedForward]) {
    for forward in dropped {
      logger.warning(
        "a target of a forward is left out",
        metadata: ["forwarder": "\(forward.forwarder)", "to": "\(forward.target)", "reply": "\(forward.reply)"])
    }
  }

  func note(failed failure: StoreFailure, _ id: MailID?) {
    logger.error(
      "the store did not take a mail", metadata: ["mail": "\(id?.description ?? "none")", "reason": "\(failure)"])
  }
}
