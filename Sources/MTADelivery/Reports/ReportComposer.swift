import MTACore
import NIOCore

/// Writes reports: multipart/report (RFC 6522) with delivery status (RFC 3464), for people and programs.
///
/// ```
/// From: Mail Delivery System <MAILER-DAEMON@example.org>
/// Subject: Undelivered mail returned to sender
/// Auto-Submitted: auto-replied
/// Content-Type: multipart/report; report-type=delivery-status; boundary=…
///
///   text/plain                what happened, in words
///   message/delivery-status   what happened, in fields
///   message/rfc822            the mail, or text/rfc822-headers: its header; of international mail their message/global kin
/// ```
///
/// A report is all ASCII, in lines that every server takes, so that it always arrives.
struct ReportComposer: Sendable {
  /// Reporting-MTA.
  let serverName: String
  /// The address of the reports' From, for questions.
  let sender: String
  let postmaster: String

  /// One report about one mail. All `recipients` have the same action.
  ///
  /// - Parameter id: the report's id.
  func report(
    _ id: MailID, about recipients: [ReportedRecipient], of envelope: Envelope, _ original: OriginalMail,
    to addressee: ReportAddressee, at now: Timestamp, due: Timestamp
  ) -> QueuedReport? {
    guard let action = recipients.first?.action else { return nil }
    var text = ReportText(boundary: "=_report_\(id)")
    text.field("From", "Mail Delivery System <\(sender)>")
    let mailbox = addressee.mailbox.plain
    // An international local part, which no other field can carry, stands as the name of a group (RFC 6857 §3.1.5).
    if mailbox.isInternational {
      text.field("To", EncodedWords.encode(mailbox.description) + " :;")
    } else {
      text.exactField("To", "<\(mailbox)>")
    }
    text.field("Subject", Self.subject(action))
    text.field("Date", now.internetMessageDate)
    text.field("Message-ID", "<\(id)@\(serverName)>")
    if let reference = Self.messageID(of: original.header) {
      text.field("In-Reply-To", reference)
      text.field("References", reference)
    }
    // RFC 3834 §5.1: so that nobody's vacation program answers.
    text.field("Auto-Submitted", "auto-replied")
    text.field("MIME-Version", "1.0")
    text.line("Content-Type: multipart/report; report-type=delivery-status;")
    text.line("\tboundary=\"\(text.boundary)\"")
    text.line("")
    text.line("This is a report about a mail, in the form of RFC 3464.")

    text.part(type: "text/plain; charset=us-ascii", description: "Notification")
    words(recipients, action, envelope, into: &text)

    text.part(type: "message/delivery-status", description: "Delivery report")
    fields(recipients, envelope, into: &text)

    switch returned(original, envelope, action) {
    case .mail(let mail):
      text.part(type: "message/rfc822", description: "Undelivered mail")
      text.raw(mail)
    case .internationalMail(let mail):
      text.part(type: "message/global", description: "Undelivered mail", encoding: "base64")
      text.base64(Array(mail.readableBytesView))
    case .header where !original.header.fields.isEmpty: header(original.header, of: envelope, into: &text)
    case .header: break
    }
    text.end()

    var addressees = addressee.recipients
    // RFC 3461 §6.2: no report is told of, in any way.
    for index in addressees.indices { addressees[index].notification = RecipientNotification(notify: .never) }
    var requests = DeliveryRequests()
    if due > now { requests.holdUntil = due }
    // RFC 8689 §5. From the null path it is a wish: where it cannot be had, the report goes all the same.
    requests.requireTLS = envelope.requests.requireTLS
    // The mark of a submission has it signed: reports are our own mail (R15).
    let queued = Envelope(
      id: id, reversePath: .null, recipients: addressees, smtpUTF8: addressee.isInternational,
      requests: requests, isSubmission: true, receivedAt: now)
    return QueuedReport(queued, content: text.bytes, about: recipients.map(\.parcel), of: envelope.id)
  }

  /// The part of the mail that goes back.
  private enum Returned {
    case mail(ByteBuffer)
    /// RFC 6532 §3.7: a mail whose header is not ASCII is not a message/rfc822, and may be encoded like any other part.
    case internationalMail(ByteBuffer)
    case header
  }

  /// RFC 3461 §4.3: RET=HDRS asks for the header alone; without RET we choose. RFC 8689 §5: mail that was to go under TLS alone returns
  /// its header alone, for its report may have to go without TLS. If the sender is not vouched for, the content would reach a victim of
  /// the stranger's choice, so the header goes back alone.
  ///
  /// Whatever stopped the mail must not stop the report. So all of it is ASCII, and content that cannot become ASCII is left out.
  private func returned(
    _ original: OriginalMail, _ envelope: Envelope, _ action: ReportedRecipient.Action
  ) -> Returned {
    guard action == .failed, envelope.requests.return != .headers, !envelope.requests.requireTLS,
      envelope.isSenderVouchedFor
    else { return .header }
    if envelope.smtpUTF8, Self.hasOtherThanASCII(original.header), let mail = original.octets {
      return .internationalMail(mail)
    }
    return original.text.map { .mail($0) } ?? .header
  }

  private static func subject(_ action: ReportedRecipient.Action) -> String {
    switch action {
    case .failed: "Undelivered mail returned to sender"
    case .delayed: "Delayed mail (still being retried)"
    case .delivered, .relayed: "Successful mail delivery report"
    }
  }

  // MARK: for people

  private func words(
    _ recipients: [ReportedRecipient], _ action: ReportedRecipient.Action, _ envelope: Envelope,
    into text: inout ReportText
  ) {
    text.line("This is the mail system at \(serverName).")
    text.line("")
    switch action {
    case .failed:
      text.line("Your mail could not be delivered to the recipients below. It will not be tried again.")
      text.line("What the mail system or the recipient's server said stands behind each of them.")
    case .delayed:
      text.line("Your mail could not be delivered yet. There is no need to send it again: it is")
      text.line("being tried further, and you will be told if that fails in the end.")
    case .delivered: text.line("As you asked to be told: your mail was delivered to the recipients below.")
    case .relayed:
      text.line("As you asked to be told: your mail was passed on to the servers of the recipients")
      text.line("below.")
      guard case .relay(let tellsSender, let keepsTime)? = recipients.first?.reach else { break }
      if !tellsSender { text.line("Those servers do not report deliveries, so this is the last word on it.") }
      if !keepsTime, envelope.requests.deliverBy != nil {
        text.line("Those servers do not keep to the time that you set for its delivery.")
      }
    }
    text.line("")
    for recipient in recipients {
      text.line("<\(Self.ascii(recipient.recipient.mailbox))>")
      text.folded("    ", recipient.message)
      if let end = recipient.retriedUntil { text.line("    It is tried until \(end.internetMessageDate).") }
    }
    text.line("")
    text.line("For help, write to <\(postmaster)> and quote \(envelope.id).")
  }

  // MARK: for programs

  private func fields(_ recipients: [ReportedRecipient], _ envelope: Envelope, into text: inout ReportText) {
    // RFC 3464 §2.2.
    if let id = envelope.requests.envelopeID { text.exactField("Original-Envelope-Id", id) }
    text.field("Reporting-MTA", "dns; \(serverName)")
    text.field("Arrival-Date", envelope.receivedAt.internetMessageDate)
    for recipient in recipients {
      text.line("")
      if let original = Self.originalRecipient(recipient.recipient) { text.exactField("Original-Recipient", original) }
      text.exactField("Final-Recipient", Self.typed(recipient.recipient.mailbox))
      text.field("Action", recipient.action.rawValue)
      text.field("Status", recipient.status)
      if let host = recipient.remoteHost { text.field("Remote-MTA", "dns; \(host)") }
      if let reply = recipient.reply { text.field("Diagnostic-Code", "smtp; \(reply)") }
      if let end = recipient.retriedUntil { text.field("Will-Retry-Until", end.internetMessageDate) }
    }
  }

  /// RFC 3461 §4.2: ORCPT without its xtext; else the recipient that the sender named, if that was forwarded.
  private static func originalRecipient(_ recipient: EnvelopeRecipient) -> String? {
    if let given = recipient.notification.originalRecipient {
      let octets = Array(given.utf8)
      guard let semicolon = octets.firstIndex(of: UInt8(ascii: ";")),
        let bytes = XText.decode(octets[(semicolon + 1)...]), bytes.allSatisfy({ (32...126).contains($0) })
      else { return given }
      return String(decoding: octets[..<semicolon] + Array("; ".utf8) + bytes, as: UTF8.self)
    }
    return recipient.forwardedFor.map(typed)
  }

  /// An address with its type. An international one has its ASCII form (RFC 6533 §3).
  private static func typed(_ mailbox: Mailbox) -> String {
    mailbox.isInternational ? "utf-8; " + ascii(mailbox) : "rfc822; \(mailbox)"
  }

  /// RFC 6533 §3, utf-8-addr-xtext: `\x{2665}` for what is not ASCII.
  private static func ascii(_ mailbox: Mailbox) -> String {
    mailbox.isInternational ? UTF8AddressText.encode(mailbox.description) : mailbox.description
  }

  // MARK: what came

  private func header(_ header: HeaderSection, of envelope: Envelope, into text: inout ReportText) {
    var raw: [UInt8] = []
    for field in header.fields { raw += field.raw }
    if !header.hasStrayLineEnds, OriginalMail.isPlain(raw) {
      text.part(type: "text/rfc822-headers", description: "Header of the mail")
      text.raw(ByteBuffer(bytes: raw))
    } else if envelope.smtpUTF8 {
      // RFC 6533 §6.3.
      text.part(type: "message/global-headers", description: "Header of the mail", encoding: "base64")
      text.base64(raw)
    } else {
      // RFC 6522 §4: a header that is broken may be encoded, and this form is read by eye where a program does not know it.
      text.part(type: "text/rfc822-headers", description: "Header of the mail", encoding: "quoted-printable")
      text.quotedPrintable(raw)
    }
  }

  private static func hasOtherThanASCII(_ header: HeaderSection) -> Bool {
    header.fields.contains { $0.raw.contains { $0 >= 128 } }
  }

  /// The Message-ID, if it can stand in a field of ours.
  private static func messageID(of header: HeaderSection) -> String? {
    guard let value = header.first(named: "Message-ID")?.value, value.utf8.count <= 250, value.utf8.first == 60,
      value.utf8.last == 62, value.utf8.allSatisfy({ (33...126).contains($0) })
    else { return nil }
    return value
  }
}
