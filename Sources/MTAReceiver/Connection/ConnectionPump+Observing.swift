import MTACore
import NIOCore

import struct MTASystem.ConnectionTLS
import struct MTASystem.DialogueLine
import struct MTASystem.MonotonicInstant
import struct MTASystem.Observers

/// What the log and the observers are told of a session.
extension ConnectionPump {
  /// The session as it is now.
  var seen: ReceiverEvent.Session { ReceiverEvent.Session(number, sessionID, session.conversation) }

  private var isObserved: Bool { !environment.observers.isEmpty }
  /// Somebody gets to know of events that are no trouble.
  private var isFollowed: Bool { environment.log.isOn || isObserved }

  func tellOpened() {
    tally.isOpen = true
    guard isFollowed else { return }
    environment.tell(.opened(.init(at: environment.clock.now, session: seen)))
    // TLS came first.
    if session.conversation.encryption != nil { tellSecured() }
  }

  func tellSecured() {
    guard isObserved, tally.isOpen else { return }
    environment.observers.tell(.secured(.init(at: environment.clock.now, session: seen)))
  }

  func tellClosed() {
    guard isFollowed, tally.isOpen else { return }
    environment.tell(
      .closed(
        .init(
          at: environment.clock.now, session: seen, duration: tally.begin.elapsed, replies: tally.replies,
          mails: tally.mails, refusals: tally.refusals, bytesReceived: tally.bytesReceived, bytesSent: tally.bytesSent))
    )
  }

  /// - Parameter commit: when the store was asked to keep it.
  func tellAccepted(_ envelope: Envelope, since commit: MonotonicInstant) {
    tally.mails += 1
    environment.tell(
      .accepted(
        .init(
          at: environment.clock.now, session: seen, mail: envelope.id, sender: envelope.reversePath,
          recipients: envelope.recipients.count, recipientList: envelope.recipients, bytes: session.contentBytes,
          duration: tally.contentBegin.elapsed,
          commit: commit.elapsed, authenticatedAs: envelope.authenticatedAs, hold: envelope.hold, checks: trace)))
    trace?.forgetMail()
  }

  func tell(notStored failure: StoreFailure, _ mail: MailID?) {
    tally.expect(.store)
    environment.tell(.notStored(.init(at: environment.clock.now, session: seen, mail: mail, failure: failure)))
  }

  func tell(lockedOutUntil end: Timestamp) {
    tally.expect(.lockout)
    environment.tell(.lockedOut(.init(at: environment.clock.now, session: seen, until: end)))
  }

  func tell(loginRefusedTo account: LoginAccount?) {
    environment.tell(.loginRefused(.init(at: environment.clock.now, session: seen, account: account)))
  }

  func tell(failureOf hook: String, _ error: any Error) {
    environment.tell(
      .hookFailed(
        .init(
          at: environment.clock.now, session: seen, hook: hook, wasLate: warned, error: "\(error)",
          denial: HookDenial(error), mail: session.conversation.mailID)))
  }

  /// What the session has to tell since it was last asked.
  func tellNotes() {
    let notes = session.takeNotes()
    for refusal in notes.refusals {
      let source = tally.source(of: refusal.reply)
      noteRules(about: refusal.to ?? refusal.from?.mailbox, refusal.reply)
      environment.tell(
        .refused(
          .init(
            at: environment.clock.now, session: seen, stage: .init(refusal.stage), reply: refusal.reply, source: source,
            mail: refusal.mail, sender: refusal.from, recipient: refusal.to, checks: trace)))
      if session.latestPart == .begin { trace?.forgetMail() }
    }
    if let author = notes.author { environment.note(author) }
  }

  /// A hook answered, and the session is about to hear it.
  func tell(_ answer: Answer, to question: Question) {
    tally.note(answer, to: question)
    guard case .message(.discard) = answer, isFollowed else { return }
    let conversation = session.conversation
    environment.tell(
      .discarded(
        .init(
          at: environment.clock.now, session: seen, mail: conversation.mailID, sender: conversation.reversePath,
          recipients: conversation.recipients.count, checks: trace)))
  }

  /// The credentials were right, and the session has heard it.
  func tellLogin() {
    tally.hasLogin = false
    guard isFollowed, session.conversation.isAuthenticated else { return }
    environment.tell(.loggedIn(.init(at: environment.clock.now, session: seen)))
  }
}

// MARK: dialogues

extension ConnectionPump {
  /// The step that `read` takes, and the line that it took, for observers.
  func readObserved() -> ServerSession.Action? {
    let isSecret = session.readsSecret
    var before = inbound
    let action = session.read(&inbound)
    let taken = before.readSlice(length: before.readableBytes - inbound.readableBytes) ?? ByteBuffer()
    if action != nil, taken.readableBytes > 0 {
      tell(.client, isSecret ? "(credentials)" : DialogueText.printable(taken, session.lineTaken))
    }
    return action
  }

  func tellSaid(_ reply: Reply) { for line in DialogueText.printable(reply) { tell(.server, line) } }

  private func tell(_ side: DialogueLine.Side, _ text: String) {
    if trace != nil, environment.keepsDialogue?(facts.remoteAddress) == true { trace?.note(side, text) }
    environment.observers.tellDialogue(
      .said(
        DialogueLine(
          .inbound, side, connection: number, peer: "\(facts.remoteAddress)", address: facts.remoteAddress,
          session: sessionID, text)))
  }

  /// Content begins: it is shown where somebody asked for that of this client.
  func beginShowing(_ mail: MailID) {
    contentLines = nil
    guard let tap = environment.contentTap, tap.isFor(facts.remoteAddress) else { return }
    let (number, client) = (number, facts.remoteAddress)
    contentLines = ContentLines { tap.show(ContentTap.Line(connection: number, client: client, mail: mail, text: $0)) }
  }
}

extension ReceiverEvent.Session {
  init(_ number: UInt64, _ id: SessionID, _ conversation: borrowing Conversation) {
    self.number = number
    self.id = id
    connection = conversation.connection
    clientName = conversation.clientName
    tls = conversation.encryption.map { ConnectionTLS(version: $0.version, cipher: $0.cipher) }
    login = conversation.login?.name
    mechanism = conversation.login?.mechanism
  }
}
