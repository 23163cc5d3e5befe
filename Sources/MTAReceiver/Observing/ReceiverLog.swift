import Logging
import MTACore

/// Writes the log lines of events. It is called in place: no line is dropped, and lines are in the order of the events.
///
/// The text of a line is a constant. Foreign text stands in the fields alone.
struct ReceiverLog: Sendable {
  let logger: Logger

  func note(_ event: ReceiverNews) {
    switch event {
    case .accepted(let mail): note(mail)
    case .refused(let refusal): note(refusal)
    case .loginRefused(let login):
      logger.info(
        "login refused",
        metadata: [
          "client": "\(login.session.connection.remoteAddress)", "user": "\(login.account?.description ?? "none")",
        ])
    case .lockedOut(let lockout):
      logger.notice(
        "lockout",
        metadata: ["client": "\(lockout.session.connection.remoteAddress)", "until": "\(lockout.until)"])
    case .notStored(let mail):
      logger.error(
        "the store did not take a mail",
        metadata: ["mail": "\(mail.mail?.description ?? "none")", "reason": "\(mail.failure)"])
    case .hookFailed(let failure):
      let fields: Logger.Metadata = [
        "hook": "\(failure.hook)", "how": failure.wasLate ? "late" : "threw", "error": "\(failure.error)",
        "client": "\(failure.session.connection.remoteAddress)", "mail": "\(failure.mail?.description ?? "none")",
      ]
      logger.warning("a hook failed", metadata: fields.merging(failure.denial?.fields ?? [:]) { own, _ in own })
    case .opened, .turnedAway, .secured, .loggedIn, .discarded, .closed, .said: break
    }
  }

  private func note(_ mail: ReceiverEvent.Accepted) {
    guard logger.logLevel <= .info else { return }
    var fields: Logger.Metadata = [
      "mail": "\(mail.mail)", "from": "\(mail.sender)", "recipients": "\(mail.recipients)",
      "client": "\(mail.session.connection.remoteAddress)",
    ]
    if let login = mail.authenticatedAs { fields["login"] = "\(login)" }
    logger.info("accepted", metadata: fields)
  }

  private func note(_ refusal: ReceiverEvent.Refused) {
    guard logger.logLevel <= .info else { return }
    var fields: Logger.Metadata = [
      "stage": "\(refusal.stage)", "client": "\(refusal.session.connection.remoteAddress)", "reply": "\(refusal.reply)",
    ]
    if let mail = refusal.mail { fields["mail"] = "\(mail)" }
    if let from = refusal.sender { fields["from"] = "\(from)" }
    if let to = refusal.recipient { fields["to"] = "\(to)" }
    if let login = refusal.session.login { fields["login"] = "\(login)" }
    logger.info("refused", metadata: fields)
  }
}
