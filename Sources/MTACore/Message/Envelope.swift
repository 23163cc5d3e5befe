/// How a recipient's copy leaves the queue.
public enum DeliveryKind: String, Hashable, Sendable, Codable {
  /// By the local transport: LMTP, Maildir or what the settings name.
  case local
  /// By SMTP to the next hop that routing finds.
  case remote
  /// Not at all: the parcel is kept as a record.
  case none
}

/// What `clientLookup` knows of an address that belongs to this system.
public struct ClientRecord: Hashable, Sendable {
  /// The adopter's key of the mailbox; nil when the address has no mailbox of its own.
  public var mailboxID: String?
  /// The adopter's key of who owns the mailbox. Addresses of one owner may send in each other's name.
  public var ownerID: String?
  public var delivery: DeliveryKind
  /// Where mail for the address goes: an alias's mailboxes, or those that its user named. They are looked up in their turn, and
  /// no rule against relaying refuses them, for it is this record that vouches for them. Empty: mail stays here.
  ///
  /// At most 100 mailboxes come of one address, and forwards of forwards are followed 10 deep; what forwards in a circle is
  /// delivered once.
  public var forwards: [Mailbox]
  /// Whether the address gets a copy beside those of ``forwards``; so it does, too, where it forwards to itself.
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
  /// What the sender wants to be told of this recipient (RFC 3461).
  public var notification: RecipientNotification
  /// The mailbox of ours that forwards to this one; nil where the client named it.
  public var forwardedFor: Mailbox?
  /// What the copy's MAIL FROM is in place of the mail's own: forwarders rewrite it.
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

  /// As it is kept when nobody vouches for the mail's sender.
  var askedByStranger: EnvelopeRecipient {
    guard notification.notify != nil else { return self }
    var recipient = self
    recipient.notification = notification.askedByStranger
    return recipient
  }

  /// Local or as the client says; strangers are remote.
  public var delivery: DeliveryKind { client?.delivery ?? .remote }
}

/// Everything about a mail but its text: who sends it to whom, and how it came.
public struct Envelope: Hashable, Sendable {
  public var id: MailID
  public var reversePath: ReversePath
  /// The answer of `clientLookup` for the sender; nil for a stranger.
  public var senderClient: ClientRecord?
  /// Where the sender's forwards lead, and so reports to them, followed when the mail was accepted; and where mail for
  /// postmaster goes, if the sender is a postmaster of ours that `clientLookup` does not know. Empty for all others: then reports go
  /// to the sender itself, as ``senderClient`` says.
  public var senderArrivals: [EnvelopeRecipient]
  public var recipients: [EnvelopeRecipient]
  public var body: BodyType
  public var smtpUTF8: Bool
  /// What the sender asked of the mail's delivery beside the address.
  public var requests: DeliveryRequests
  /// Whom the session was authenticated as; nil for strangers.
  public var authenticatedAs: Mailbox?
  /// Whether the mail came from an authenticated session, or from a trusted network at the internal port, so that it is
  /// ours to sign (R15).
  public var isSubmission: Bool
  /// The domains whose signature a submission may carry: the first that has a key signs. Nil for the author's, as its From says: for mail
  /// that this system or a program of ours wrote.
  public var signers: [Domain]?
  /// The address of the client that gave us the mail; nil for mail that this system wrote.
  public var clientAddress: IPAddress?
  public var receivedAt: Timestamp
  /// The header holds Authentication-Results under our own name that we did not write: delivery leaves them out (RFC 8601 §5).
  public var hasForgedResults: Bool
  /// The content begins with the line `From …` of a mailbox file, and fields follow it: delivery leaves it out, for the trace has it
  /// as the field X-Mailbox-Line.
  public var hasMailboxLine: Bool
  /// The mail is a submission, and its header holds Bcc, Resent-Bcc, Return-Path, or a Date or Message-ID without a value, in any
  /// spelling: delivery leaves them out before it signs, for all recipients (RFC 5322 §3.6.3, RFC 6409 §8, RFC 5321 §4.4).
  public var hasPrivateFields: Bool
  /// The mail is no submission, and its header holds a Return-Path, in any spelling: copies that leave SMTP here do not have it (RFC 5321
  /// §4.4).
  public var hasReturnPath: Bool
  public var attributes: Attributes
  /// Why the mail was to wait for somebody's release when it was accepted; nil for mail that is delivered at once. The
  /// store sets its parcels aside, so that no runner gets them.
  public var hold: String?
  /// When the last report about the mail was due; nil before the first. Whoever queues a report notes it here, in the same step.
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

  /// Whether it is known that the sender is who the envelope says: the session vouched for it, or this system wrote the mail. For all
  /// others, reports go to a third party perhaps: there are as few of them as can be, and they return the header section alone.
  ///
  /// Today the session alone decides. A sender that SPF passes will be vouched for as well.
  public var isSenderVouchedFor: Bool { isSubmission || clientAddress == nil }

  /// When delivery may begin: at once, unless the sender named a later time (RFC 4865).
  public var dueAt: Timestamp { max(receivedAt, requests.holdUntil ?? receivedAt) }

  /// When trying ends: after `lifetime`, counted from when delivery may begin, or when the sender no longer cares (RFC 2852 §4.1,
  /// by-mode R).
  public func expiry(after lifetime: Duration) -> Timestamp {
    let end = min(dueAt + lifetime, Timestamp.last)
    guard let by = requests.deliverBy, by.mode == .return else { return end }
    return min(end, by.deadline)
  }
}
