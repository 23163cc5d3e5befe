import MTACore

/// Who gets a report: its recipient, and where that mailbox's mail goes.
struct ReportAddressee: Hashable, Sendable {
  let mailbox: Mailbox
  /// One copy each.
  let recipients: [EnvelopeRecipient]

  /// The sender of a mail, as far as it was looked up when the mail was accepted.
  init(senderOf envelope: Envelope, _ sender: Mailbox) {
    mailbox = sender
    recipients =
      envelope.senderArrivals.isEmpty
      ? [EnvelopeRecipient(sender, client: envelope.senderClient)] : envelope.senderArrivals
  }

  /// Another mailbox.
  init(_ mailbox: Mailbox, client: ClientRecord?) {
    self.mailbox = mailbox
    recipients = [EnvelopeRecipient(mailbox, client: client)]
  }

  /// Whether one of the places needs SMTPUTF8 (RFC 6531).
  var isInternational: Bool { recipients.contains { $0.mailbox.plain.isInternational } }
}
