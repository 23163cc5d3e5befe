/// One mail for some recipients of one destination.
package struct ClientTransaction: Hashable, Sendable {
  package struct Recipient: Hashable, Sendable {
    package var mailbox: Mailbox
    /// What the sender wants to be told; passed on where the server offers DSN.
    package var notification: RecipientNotification

    package init(_ mailbox: Mailbox, notification: RecipientNotification = RecipientNotification()) {
      self.mailbox = mailbox
      self.notification = notification
    }
  }

  package var reversePath: ReversePath
  /// Each gets exactly one result, in this order.
  package var recipients: [Recipient]
  /// Octets of the mail with CR LF line ends, dots not doubled (RFC 1870 §3).
  package var size: Int
  /// What the mail was declared to be when it came.
  package var body: BodyType
  /// What its text holds in truth.
  package var content: ContentFacts
  /// Whether the header holds other than ASCII, so that only SMTPUTF8 can carry it. International addresses are seen
  /// without it.
  package var hasInternationalHeader: Bool
  /// What the sender asked of the delivery; passed on where the server offers it, but for FUTURERELEASE, which is over.
  package var requests: DeliveryRequests
  /// The time of day, which a deadline is counted from.
  package var now: Timestamp
  /// 8-bit content goes to servers without 8BITMIME as if they had it, against RFC 6152 §3.
  package var sendsEightBitAnyway: Bool

  package init(
    from reversePath: ReversePath, to recipients: [Recipient], size: Int, body: BodyType = .sevenBit,
    content: ContentFacts = ContentFacts(), hasInternationalHeader: Bool = false,
    requests: DeliveryRequests = DeliveryRequests(), now: Timestamp = Timestamp(milliseconds: 0),
    sendsEightBitAnyway: Bool = false
  ) {
    self.reversePath = reversePath
    self.recipients = recipients
    self.size = size
    self.body = body
    self.content = content
    self.hasInternationalHeader = hasInternationalHeader
    self.requests = requests
    self.now = now
    self.sendsEightBitAnyway = sendsEightBitAnyway
  }
}
