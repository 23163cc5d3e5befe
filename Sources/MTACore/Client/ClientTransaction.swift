/// One mail for some recipients of one destination.
public struct ClientTransaction: Hashable, Sendable {
  public struct Recipient: Hashable, Sendable {
    public var mailbox: Mailbox
    /// What the sender wants to be told; passed on where the server offers DSN.
    public var notification: RecipientNotification

    public init(_ mailbox: Mailbox, notification: RecipientNotification = RecipientNotification()) {
      self.mailbox = mailbox
      self.notification = notification
    }
  }

  public var reversePath: ReversePath
  /// Each gets exactly one result, in this order.
  public var recipients: [Recipient]
  /// Octets of the mail with CR LF line ends, dots not doubled (RFC 1870 §3).
  public var size: Int
  /// What the mail was declared to be when it came.
  public var body: BodyType
  /// What its text holds in truth.
  public var content: ContentFacts
  /// Whether the header holds other than ASCII, so that only SMTPUTF8 can carry it. International addresses are seen
  /// without it.
  public var hasInternationalHeader: Bool
  /// What the sender asked of the delivery; passed on where the server offers it, but for FUTURERELEASE, which is over.
  public var requests: DeliveryRequests
  /// The time of day, which a deadline is counted from.
  public var now: Timestamp
  /// 8-bit content goes to servers without 8BITMIME as if they had it, against RFC 6152 §3.
  public var sendsEightBitAnyway: Bool

  public init(
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

/// What an attempt came to for one recipient.
public struct RecipientResult: Hashable, Sendable {
  /// How far a delivered copy got, and who tells the sender if they asked to be told (RFC 3461 §6.2).
  public enum Reach: Hashable, Sendable {
    /// Into the mailbox, or to what stands for it.
    case mailbox
    /// To another server. `tellsSender`: it took over the sender's wishes to be told (it offers DSN). `keepsTime`: and the time
    /// that they set (it offers DELIVERBY).
    case relay(tellsSender: Bool, keepsTime: Bool = false)
  }

  public var outcome: DeliveryOutcome
  /// The server's words or ours, in one printable line.
  public var message: String
  /// Subject and detail of the enhanced status: for reports (RFC 3464 §2.3.4). The outcome gives the class.
  public var status: EnhancedStatus
  /// The server's reply alone, in one printable line; nil when the trouble is ours or the network's (RFC 3464 §2.3.6).
  public var reply: String?
  /// Of delivered copies.
  public var reach = Reach.mailbox
  /// Deferred only because the transaction was full (RFC 5321 §4.5.3.1.10): the next one may take this recipient.
  public var isSurplus: Bool
  /// Nothing was said, for the connection broke off before all of the content was out: the server cannot have taken the mail.
  package var isCutOff = false

  public init(
    _ outcome: DeliveryOutcome, _ message: String, status: EnhancedStatus = .other, reply: String? = nil,
    isSurplus: Bool = false
  ) {
    self.outcome = outcome
    self.message = message
    self.status = status
    self.reply = reply
    self.isSurplus = isSurplus
  }
}

/// What the client waits for: it decides how long (RFC 5321 §4.5.3.2) and what trouble means.
public enum ClientPhase: Hashable, Sendable {
  case greeting
  /// EHLO, HELO or LHLO.
  case hello
  case startTLS
  case auth
  case rset
  case mail
  case rcpt
  case data
  /// The content is being sent.
  case content
  /// The answer to the end of the content.
  case endOfContent
  case quit
  /// Nothing: between two mails.
  case idle

  /// Whether an answer here is about the mail or a recipient; the others are about the session.
  var isAboutMail: Bool {
    switch self {
    case .mail, .rcpt, .data, .content, .endOfContent: true
    case .greeting, .hello, .startTLS, .auth, .rset, .quit, .idle: false
    }
  }
}

extension ClientPhase: CustomStringConvertible {
  /// As in "in reply to …".
  public var description: String {
    switch self {
    case .greeting: "the connection"
    case .hello: "EHLO"
    case .startTLS: "STARTTLS"
    case .auth: "AUTH"
    case .rset: "RSET"
    case .mail: "MAIL FROM"
    case .rcpt: "RCPT TO"
    case .data: "DATA"
    case .content: "the content"
    case .endOfContent: "end of DATA"
    case .quit: "QUIT"
    case .idle: "nothing"
    }
  }
}
