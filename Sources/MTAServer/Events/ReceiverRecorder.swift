import MTACore
import MTAReceiver
import MTASystem

/// Makes records of what becomes of mails and clients in sessions. Sessions in which nothing was accepted or refused leave none.
///
/// Names and addresses are written as the log does, escaped and cut. Passwords, subjects and contents are in none.
struct ReceiverRecorder: Sendable {
  let keep: @Sendable (EventRecord) -> Void

  var tap: Observers<ReceiverNews>.Tap { Observers.Tap { note($0) } }

  /// Recipients that a record names. Of others `nrcpt` counts, and each attempt has its own.
  private static let mostRecipients = 50
  /// Of these, written with escapes.
  private static let mostBytes = 12_288

  private func note(_ news: ReceiverNews) {
    switch news {
    case .accepted(let mail): note(mail)
    case .discarded(let mail): note(mail)
    case .refused(let refusal): note(refusal)
    case .loginRefused(let login): note(login)
    case .opened, .turnedAway, .secured, .loggedIn, .lockedOut, .notStored, .hookFailed, .closed, .said: break
    }
  }

  private func note(_ mail: ReceiverEvent.Accepted) {
    var fields = LogFields(capacity: 768)
    fields.append(mail.session)
    fields.append(from: mail.sender)
    for recipient in mail.recipientList.prefix(Self.mostRecipients) where fields.bytes.count < Self.mostBytes {
      fields.append("to", recipient.mailbox)
      fields.append("way", recipient.delivery.rawValue)
      if let other = recipient.forwardedFor { fields.append("for", other) }
    }
    fields.append("nrcpt", number: mail.recipients)
    fields.append("size", number: mail.bytes)
    fields.append("delay", seconds: mail.duration)
    if let hold = mail.hold { fields.append("hold", hold, limit: 500) }
    mail.checks?.append(to: &fields)
    keep(
      EventRecord(
        .accepted, at: mail.at, on: .mails, mail: mail.mail, client: mail.session.connection.remoteAddress,
        fields: fields.bytes))
  }

  private func note(_ mail: ReceiverEvent.Discarded) {
    var fields = LogFields(capacity: 512)
    fields.append(mail.session)
    if let sender = mail.sender { fields.append(from: sender) }
    fields.append("nrcpt", number: mail.recipients)
    mail.checks?.append(to: &fields)
    keep(
      EventRecord(
        .discarded, at: mail.at, on: .refusals, mail: mail.mail, client: mail.session.connection.remoteAddress,
        fields: fields.bytes))
  }

  private func note(_ refusal: ReceiverEvent.Refused) {
    var fields = LogFields(capacity: 512)
    fields.append(refusal.session)
    fields.append("stage", refusal.stage.description)
    fields.append("by", refusal.source.description)
    if let sender = refusal.sender { fields.append(from: sender) }
    if let recipient = refusal.recipient { fields.append("to", recipient) }
    fields.append("reply", refusal.reply.description, limit: 500)
    refusal.checks?.append(to: &fields)
    keep(
      EventRecord(
        .refused, at: refusal.at, on: refusal.sender == nil ? .strangers : .refusals, mail: refusal.mail,
        client: refusal.session.connection.remoteAddress, fields: fields.bytes))
  }

  private func note(_ login: ReceiverEvent.LoginRefused) {
    var fields = LogFields(capacity: 256)
    fields.append(login.session)
    fields.append("stage", "AUTH")
    fields.append("by", "server")
    if let account = login.account { fields.append("account", account.description, limit: 255) }
    fields.append("reply", Reply.badCredentials.description)
    keep(
      EventRecord(
        .loginRefused, at: login.at, on: .strangers, mail: nil, client: login.session.connection.remoteAddress,
        fields: fields.bytes))
  }
}

extension LogFields {
  /// An address, or `<>`.
  mutating func append(from sender: ReversePath) {
    if let mailbox = sender.mailbox { append("from", mailbox) } else { append("from", "<>") }
  }

  fileprivate mutating func append(_ session: ReceiverEvent.Session) {
    append("client", session.connection.remoteAddress.description)
    append("session", session.id.description)
    append("port", number: session.connection.localPort)
    append("role", session.connection.role.rawValue)
    if session.connection.speaksLMTP { append("protocol", "lmtp") }
    if session.connection.isTrusted { append("trusted", "1") }
    if let name = session.clientName { append("helo", name.description, limit: 255) }
    if let tls = session.tls { append("tls", tls.description, limit: 128) }
    if let login = session.login { append("sasl_username", login, limit: 255) }
    if let mechanism = session.mechanism { append("sasl_method", mechanism, limit: 64) }
  }
}
