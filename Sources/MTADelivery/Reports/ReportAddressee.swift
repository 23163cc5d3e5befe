import MTACore

/// Who gets a report: whom it is addressed to, and where it is taken.
struct ReportAddressee: Hashable, Sendable {
  let mailbox: Mailbox
  /// One copy each.
  let recipients: [EnvelopeRecipient]

  /// The sender of a mail, by what was found out about them when it was accepted.
  init(senderOf envelope: Envelope, _ sender: Mailbox) {
    mailbox = sender
    recipients =
      envelope.senderArrivals.isEmpty
      ? [EnvelopeRecipient(sender, client: envelope.senderClient)] : envelope.senderArrivals
  }

  /// Somebody else.
  init(_ mailbox: Mailbox, client: ClientRecord?) {
    self.mailbox = mailbox
    recipients = [EnvelopeRecipient(mailbox, client: client)]
  }

  /// Whether one of the places where it is taken needs SMTPUTF8 (RFC 6531).
  var isInternational: Bool { recipients.contains { $0.mailbox.plain.isInternational } }
}
