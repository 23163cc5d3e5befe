/// How a recipient's copy leaves the queue.
public enum DeliveryKind: String, Hashable, Sendable, Codable {
  /// By the local transport: LMTP, Maildir or another one of the settings.
  case local
  /// By SMTP to the next hop of its route.
  case remote
  /// Not delivered: the parcel is kept as a record.
  case none
}

/// What `clientLookup` knows of an address that belongs to this system.
public struct ClientRecord: Hashable, Sendable {
  /// The adopter's key of the mailbox; nil if the address has no mailbox of its own.
  public var mailboxID: String?
  /// The adopter's key of the mailbox's owner. Addresses of one owner may send in each other's name.
  public var ownerID: String?
  public var delivery: DeliveryKind
  /// Where mail for the address goes: an alias's mailboxes, or those that its user named. Each is looked up in turn. No rule against
  /// relaying refuses them, because this record vouches for them. Empty: mail stays here.
  ///
  /// One address may lead to at most 100 mailboxes, and forwards of forwards are followed 10 deep. A circle is followed once, and
  /// delivers one copy.
  public var forwards: [Mailbox]
  /// Whether the address gets a copy in addition to those of ``forwards``. It also gets one if it forwards to itself.
  public var keepsCopy: Bool

  public init(
    mailboxID: String? = nil, ownerID: String? = nil, delivery: DeliveryKind = .local, forwards: [Mailbox] = [],
    keepsCopy: Bool = false
  ) {
    self.mailboxID = mailboxID
    self.ownerID = ownerID
    self.delivery = delivery
    self.forwards = forwards
    self.keepsCopy = keepsCopy
  }

  /// Whether the address counts as a member's in the founding rules: it has a mailbox.
  public var isMember: Bool { mailboxID != nil }
}

/// The BODY parameter of MAIL (RFC 6152, RFC 3030).
public enum BodyType: String, Hashable, Sendable, Codable {
  case sevenBit = "7BIT"
  case eightBitMIME = "8BITMIME"
  case binaryMIME = "BINARYMIME"
}

/// One accepted recipient of a mail.
public struct EnvelopeRecipient: Hashable, Sendable {
  public var mailbox: Mailbox
  /// The answer of `clientLookup`, kept so that delivery needs no adopter code; nil for a stranger.
  public var client: ClientRecord?
  /// The reports that the sender wants about this recipient (RFC 3461).
  public var notification: RecipientNotification
  /// The mailbox of ours that forwards to this one; nil if the client named this one.
  public var forwardedFor: Mailbox?
  /// The MAIL FROM of the copy, if it is not the mail's own: forwarders rewrite it.
  public var reversePath: ReversePath?

  public init(
    _ mailbox: Mailbox, client: ClientRecord? = nil, notification: RecipientNotification = RecipientNotification(),
    forwardedFor: Mailbox? = nil, reversePath: ReversePath? = nil
  ) {
    self.mailbox = mailbox
    self.client = client
    self.notification = notification
    self.forwardedFor = forwardedFor
    self.reversePath = reversePath
  }

  /// The form that is kept if the mail's sender is not vouched for.
  var askedByStranger: EnvelopeRecipient {
    guard notification.notify != nil else { return self }
    var recipient = self
    recipient.notification = notification.askedByStranger
    return recipient
  }

  /// As the record says; remote for strangers.
  public var delivery: DeliveryKind { client?.delivery ?? .remote }
}

/// The facts of a mail that are not its text: sender, recipients, and how it came.
public struct Envelope: Hashable, Sendable {
  public var id: MailID
  public var reversePath: ReversePath
  /// The answer of `clientLookup` for the sender; nil for a stranger.
  public var senderClient: ClientRecord?
  /// Where reports to the sender go, if its record forwards: the ends of the forwards, followed when the mail was accepted. Or where
  /// mail for postmaster goes, if the sender is a postmaster of ours that `clientLookup` does not know. Empty for all others: reports
  /// go to the sender itself, as ``senderClient`` says.
  public var senderArrivals: [EnvelopeRecipient]
  public var recipients: [EnvelopeRecipient]
  public var body: BodyType
  public var smtpUTF8: Bool
  /// The sender's wishes for the delivery.
  public var requests: DeliveryRequests
  /// The mailbox of the login; nil for strangers.
  public var authenticatedAs: Mailbox?
  /// Whether the mail came from a session that logged in, or from a trusted network at the internal port. Then it is ours to sign
  /// (R15).
  public var isSubmission: Bool
  /// The domains that may sign a submission: the first that has a key signs. Nil for mail that this system or a program of ours wrote:
  /// the author's domain of its From signs.
  public var signers: [Domain]?
  /// The address of the client that gave us the mail; nil for mail that this system wrote.
  public var clientAddress: IPAddress?
  public var receivedAt: Timestamp
  /// The header has Authentication-Results in our name that we did not write. Delivery leaves them out (RFC 8601 §5).
  public var hasForgedResults: Bool
  /// The content begins with the line `From …` of a mailbox file, and fields follow it. Delivery leaves the line out; the trace has it
  /// as the field X-Mailbox-Line.
  public var hasMailboxLine: Bool
  /// The mail is a submission, and its header has Bcc, Resent-Bcc, Return-Path, or a Date or Message-ID without a value, in any
  /// spelling. Delivery leaves these out of all copies, before it signs (RFC 5322 §3.6.3, RFC 6409 §8, RFC 5321 §4.4).
  public var hasPrivateFields: Bool
  /// The mail is not a submission, and its header has a Return-Path, in any spelling. Copies that leave SMTP here do not have it (RFC
  /// 5321 §4.4).
  public var hasReturnPath: Bool
  public var attributes: Attributes
  /// Why the mail was held when it was accepted; nil for mail that is delivered at once. The store holds its parcels from the start, so
  /// a runner never gets them.
  public var hold: String?
  /// The connection that brought the mail; nil for mail that this system wrote.
  public var session: SessionID?
  /// When the last report about the mail was due; nil before the first. The step that queues a report notes it here.
  public var reportedAt: Timestamp?

  public init(
    id: MailID, reversePath: ReversePath, senderClient: ClientRecord? = nil,
    senderArrivals: [EnvelopeRecipient] = [], recipients: [EnvelopeRecipient],
    body: BodyType = .sevenBit,
    smtpUTF8: Bool = false, requests: DeliveryRequests = DeliveryRequests(),
    authenticatedAs: Mailbox? = nil, isSubmission: Bool = false, signers: [Domain]? = nil,
    clientAddress: IPAddress? = nil, receivedAt: Timestamp,
    hasForgedResults: Bool = false, hasMailboxLine: Bool = false, hasPrivateFields: Bool = false,
    hasReturnPath: Bool = false, attributes: Attributes = Attributes(), hold: String? = nil
  ) {
    self.id = id
    self.reversePath = reversePath
    self.senderClient = senderClient
    self.senderArrivals = senderArrivals
    self.recipients = recipients
    self.body = body
    self.smtpUTF8 = smtpUTF8
    self.requests = requests
    self.authenticatedAs = authenticatedAs
    self.isSubmission = isSubmission
    self.signers = signers
    self.clientAddress = clientAddress
    self.receivedAt = receivedAt
    self.hasForgedResults = hasForgedResults
    self.hasMailboxLine = hasMailboxLine
    self.hasPrivateFields = hasPrivateFields
    self.hasReturnPath = hasReturnPath
    self.attributes = attributes
    self.hold = hold
  }

  /// Whether the sender is known to be the one of the envelope: the session vouched for it, or this system wrote the mail. For all
  /// others reports may reach a victim. So they are as few as possible, and return the header section alone.
  ///
  /// Today the session alone decides. Senders that pass SPF are to follow.
  public var isSenderVouchedFor: Bool { isSubmission || clientAddress == nil }

  /// When delivery may begin: at once, unless the sender named a later time (RFC 4865).
  public var dueAt: Timestamp { max(receivedAt, requests.holdUntil ?? receivedAt) }

  /// The end of the attempts: `lifetime` after delivery may begin, or the time at which the sender wants the mail back (RFC 2852 §4.1,
  /// by-mode R).
  public func expiry(after lifetime: Duration) -> Timestamp {
    let end = min(dueAt + lifetime, Timestamp.last)
    guard let by = requests.deliverBy, by.mode == .return else { return end }
    return min(end, by.deadline)
  }
}
