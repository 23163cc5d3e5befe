import Logging
import MTACore
import MTASystem

/// Writes the log lines of events. It is called in place: no line is dropped, and lines are in the order of the events.
///
/// Each line begins with the client's address, before anything that a client may choose: so tools that look for addresses cannot be led
/// astray. `Docs/OPERATING.md` lists the lines.
struct ReceiverLog: Sendable {
  let log: EventLog
  let turnedAway = TurnedAwayLines()

  /// Whether a line is written of connections, logins and mails. Trouble is written in any case.
  var isOn: Bool { log.takes(.info) }

  func note(_ event: ReceiverNews) {
    switch event {
    case .opened(let event): note(event)
    case .turnedAway(let event): note(event)
    case .loggedIn(let login): note(login)
    case .loginRefused(let login): note(login)
    case .lockedOut(let lockout):
      log.write(.notice, "lockout") { fields in
        fields.append(lockout.session)
        fields.append("until", lockout.until.description)
      }
    case .accepted(let mail): note(mail)
    case .discarded(let mail): note(mail)
    case .refused(let refusal): note(refusal)
    case .notStored(let mail):
      log.write(.error, "the store did not take a mail") { fields in
        fields.append(mail.session)
        if let id = mail.mail { fields.append("id", id.description) }
        fields.append("reason", "\(mail.failure)")
      }
    case .hookFailed(let failure): note(failure)
    case .closed(let event): note(event)
    case .secured, .said: break
    }
  }

  private func note(_ event: ReceiverEvent.Opened) {
    log.write(.debug, "connected") { fields in
      fields.append(event.session)
      fields.append("port", number: event.session.connection.localPort)
    }
  }

  private func note(_ event: ReceiverEvent.TurnedAway) {
    guard log.takes(.notice), let missed = turnedAway.take(at: event.at) else { return }
    log.write(.notice, "turned away") { fields in
      fields.append("client", event.client.description)
      fields.append("port", number: event.localPort)
      fields.append("code", number: 421)
      fields.append("status", "refused")
      if missed > 0 { fields.append("missed", number: missed) }
    }
  }

  private func note(_ login: ReceiverEvent.LoggedIn) {
    log.write(.info, "login accepted") { fields in
      fields.append(login.session)
      if let mechanism = login.session.mechanism { fields.append("sasl_method", mechanism, limit: 64) }
      fields.appendFacts(of: login.session)
    }
  }

  private func note(_ login: ReceiverEvent.LoginRefused) {
    log.write(.info, "login refused") { fields in
      fields.append(login.session)
      fields.append(Reply.badCredentials)
      fields.append("status", "refused")
      fields.appendFacts(of: login.session, account: login.account?.description)
    }
  }

  private func note(_ mail: ReceiverEvent.Accepted) {
    log.write(.info, "accepted") { fields in
      fields.append(mail.session)
      fields.append("id", mail.mail.description)
      fields.append("from", mail.sender.description, limit: LogFields.addressOctets)
      fields.append(recipients: mail.recipientList)
      fields.append("nrcpt", number: mail.recipients)
      fields.append("size", number: mail.bytes)
      fields.append("delay", seconds: mail.duration)
      fields.append("dsn", "2.0.0")
      fields.append("status", mail.hold == nil ? "queued" : "held")
      if let method = mail.session.mechanism { fields.append("sasl_method", method, limit: 64) }
      fields.appendFacts(of: mail.session)
      if let hold = mail.hold { fields.append("reason", hold, limit: 500) }
    }
  }

  private func note(_ mail: ReceiverEvent.Discarded) {
    log.write(.info, "discarded") { fields in
      fields.append(mail.session)
      if let id = mail.mail { fields.append("id", id.description) }
      if let from = mail.sender { fields.append("from", from.description, limit: LogFields.addressOctets) }
      fields.append("nrcpt", number: mail.recipients)
      fields.append("dsn", "2.0.0")
      fields.append("status", "discarded")
      fields.appendFacts(of: mail.session)
    }
  }

  private func note(_ refusal: ReceiverEvent.Refused) {
    log.write(.info, "refused") { fields in
      fields.append(refusal.session)
      if let id = refusal.mail { fields.append("id", id.description) }
      fields.append("stage", refusal.stage.description)
      fields.append(refusal.reply)
      fields.append("status", "refused")
      fields.append("by", refusal.source.description)
      if let from = refusal.sender { fields.append("from", from.description, limit: LogFields.addressOctets) }
      if let to = refusal.recipient {
        fields.write("to", limit: LogFields.addressOctets) { $0.append(inBrackets: to) }
      }
      fields.appendFacts(of: refusal.session)
      fields.append("reply", refusal.reply.description, limit: 500)
    }
  }

  private func note(_ failure: ReceiverEvent.HookFailed) {
    log.write(.warning, "a hook failed") { fields in
      fields.append(failure.session)
      if let id = failure.mail { fields.append("id", id.description) }
      fields.append("hook", failure.hook)
      fields.append("how", failure.wasLate ? "late" : "threw")
      fields.append("error", failure.error)
      if let denial = failure.denial {
        fields.append("hint", "permission denied: see receiverPaths")
        if let path = denial.path { fields.append("path", path) }
      }
    }
  }

  private func note(_ event: ReceiverEvent.Closed) {
    log.write(.info, "disconnected") { fields in
      fields.append(event.session)
      fields.append("port", number: event.session.connection.localPort)
      fields.append("duration", seconds: event.duration)
      fields.append("mails", number: event.mails)
      fields.append("refused", number: event.refusals)
      fields.append("replies", number: event.replies)
      fields.append("bytes_in", number: event.bytesReceived)
      fields.append("bytes_out", number: event.bytesSent)
      fields.appendFacts(of: event.session)
    }
  }
}

extension LogFields {
  /// Of an address: the longest that SMTP allows (RFC 5321 §4.5.3.1.3), which may be UTF-8.
  fileprivate static let addressOctets = 256

  /// Who it is, first in each line.
  fileprivate mutating func append(_ session: ReceiverEvent.Session) {
    append("client", session.connection.remoteAddress.description)
    append("session", session.id.description)
  }

  /// What the client said of itself, and how the session is protected.
  ///
  /// - Parameter account: whom it claimed to be; nil: who logged in.
  fileprivate mutating func appendFacts(of session: ReceiverEvent.Session, account: String? = nil) {
    if let name = session.clientName { append("helo", name.description, limit: 255) }
    if let user = account ?? session.login { append("sasl_username", user, limit: 255) }
    write("tls") { bytes in
      guard let tls = session.tls else { return bytes.append(contentsOf: "none".utf8) }
      bytes.append(contentsOf: tls.version.utf8)
      bytes.append(UInt8(ascii: ":"))
      bytes.append(contentsOf: tls.cipher.utf8)
    }
  }

  /// The reply's code, and its enhanced status if it has one.
  fileprivate mutating func append(_ reply: Reply) {
    append("code", number: reply.code)
    guard let enhanced = reply.enhanced else { return }
    write("dsn") { bytes in
      for (index, number) in [reply.code / 100, enhanced.subject, enhanced.detail].enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ".")) }
        Self.append(number: Int64(number), to: &bytes)
      }
    }
  }

  /// As many as have room, with commas between them.
  fileprivate mutating func append(recipients: [EnvelopeRecipient]) {
    write("to") { bytes in
      let start = bytes.count
      for recipient in recipients {
        let mailbox = recipient.mailbox
        let length = mailbox.localPart.utf8.count + 260
        if bytes.count > start {
          guard bytes.count - start + length < Self.maximumOctets else { return }
          bytes.append(UInt8(ascii: ","))
        }
        bytes.append(inBrackets: mailbox)
      }
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(inBrackets mailbox: Mailbox) {
    append(UInt8(ascii: "<"))
    mailbox.append(to: &self)
    append(UInt8(ascii: ">"))
  }
}
