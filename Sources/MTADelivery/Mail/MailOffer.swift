import MTACore

/// A mail for one server: in the form that the server can carry, with the sender's wishes for the further way.
struct MailOffer {
  let transaction: ClientTransaction
  let text: MailText

  /// - Parameters:
  ///   - part: the recipients of this transaction.
  ///   - recipients: all recipients of the copy.
  ///   - isFinal: whether the copy leaves SMTP there.
  /// - Throws: when the store does not return the content, or the signer fails.
  init(
    of mail: OutgoingMail, to part: [Mailbox], among recipients: [Mailbox], isFinal: Bool,
    over server: ServerCapabilities, _ environment: LinkEnvironment
  ) async throws {
    let form = try await Self.form(of: mail, over: server, environment.eightBit)
    text = mail.text(for: recipients, final: isFinal, form: form, international: server.smtpUTF8)
    let isInternational = mail.hasInternationalHeader || server.smtpUTF8 && mail.forwardedFor?.isInternational ?? false
    transaction = ClientTransaction(
      from: mail.envelope.reversePath, to: mail.recipients(part), size: text.size,
      // The converted form is no longer what the mail was declared to be.
      body: form == nil ? mail.envelope.body : .sevenBit, content: (form ?? mail.form).facts,
      hasInternationalHeader: isInternational, requests: mail.envelope.requests,
      now: environment.clock.now, sendsEightBitAnyway: environment.eightBit == .sendAsIs)
  }

  /// - Returns: nil for the mail's own form: the server carries it, or there is no other form, and the session says what is in the way.
  private static func form(
    of mail: OutgoingMail, over server: ServerCapabilities, _ policy: EightBitPolicy
  ) async throws -> WireForm? {
    // An international header cannot be converted, and the session has its own word for that.
    if policy == .bounce || mail.hasInternationalHeader && !server.smtpUTF8 { return nil }
    do throws(DeliveryTrouble) {
      _ = try ContentCarriage(
        of: mail.form.facts, declared: mail.envelope.body, over: server, sendsEightBitAnyway: policy == .sendAsIs)
      return nil
    } catch {}
    return try await mail.conversion.form()
  }
}

extension OutgoingMail {
  /// The recipients, each with the sender's wishes for reports.
  func recipients(_ mailboxes: [Mailbox]) -> [ClientTransaction.Recipient] {
    let asked = Dictionary(
      envelope.recipients.filter { !$0.notification.isEmpty }.map { ($0.mailbox, $0) }, uniquingKeysWith: { a, _ in a })
    return mailboxes.map { mailbox in
      var recipient = ClientTransaction.Recipient(mailbox)
      guard let entry = asked[mailbox] else { return recipient }
      recipient.notification = entry.notification
      if recipient.notification.originalRecipient == nil, let forwarder = entry.forwardedFor {
        // RFC 3461 §4.2: the address that the sender named.
        recipient.notification.originalRecipient = RecipientNotification.original(forwarder)
      }
      return recipient
    }
  }
}
