/// One command of a client, parsed (RFC 5321 §4.1.1).
public enum Command: Hashable, Sendable {
  /// Nil: no domain was given.
  case ehlo(Domain?)
  case helo(Domain?)
  /// EHLO of LMTP (RFC 2033 §4.1).
  case lhlo(Domain?)
  case startTLS
  /// `initial` is what stood behind the mechanism, still in base64; `=` stands for an empty response (RFC 4954 §4).
  case auth(mechanism: String, initial: [UInt8]?)
  case mail(ReversePath, MailParameters)
  case rcpt(ForwardPath, RecipientNotification)
  case data
  /// So many octets of content follow at once (RFC 3030 §2).
  case bdat(UInt64, last: Bool)
  case xclient(XClient)
  case rset
  case noop
  case vrfy(String)
  case expn(String)
  case help(String?)
  case quit
}

/// To whom a mail goes, as RCPT says it.
public enum ForwardPath: Hashable, Sendable {
  case mailbox(Mailbox)
  /// `<postmaster>`, without a domain (RFC 5321 §4.1.1.3).
  case postmaster
}

/// The parameters of MAIL.
public struct MailParameters: Hashable, Sendable {
  /// When the mail may be delivered at the earliest (RFC 4865 §5).
  public enum Hold: Hashable, Sendable {
    case `for`(seconds: Int64)
    case until(Timestamp)
  }

  /// Bytes that the client says the message has (RFC 1870).
  public var size: UInt64?
  public var body: BodyType?
  public var smtpUTF8 = false
  public var `return`: DeliveryRequests.Return?
  public var envelopeID: String?
  public var requireTLS = false
  public var priority: Int?
  public var hold: Hold?
  /// Seconds from now, and what then (RFC 2852 §4).
  public var deliverBy: (seconds: Int64, mode: DeliveryRequests.DeliverBy.Mode, trace: Bool)? {
    get { by.map { ($0.seconds, $0.mode, $0.trace) } }
    set { by = newValue.map { By(seconds: $0.seconds, mode: $0.mode, trace: $0.trace) } }
  }
  private var by: By?

  private struct By: Hashable, Sendable {
    var seconds: Int64
    var mode: DeliveryRequests.DeliverBy.Mode
    var trace: Bool
  }

  public init(size: UInt64? = nil, body: BodyType? = nil, smtpUTF8: Bool = false) {
    self.size = size
    self.body = body
    self.smtpUTF8 = smtpUTF8
  }

  /// What is to be kept with a mail that was received at an instant.
  ///
  /// - Parameter isVouchedFor: whether it is known that the sender asks for it: ``Conversation/isSenderVouchedFor``.
  func requests(receivedAt now: Timestamp, isVouchedFor: Bool) -> DeliveryRequests {
    var requests = DeliveryRequests()
    // Whoever forges a sender does not have whole mails sent there, by us or by those we relay to.
    requests.return = isVouchedFor || self.return == nil ? self.return : .headers
    requests.envelopeID = envelopeID
    requests.requireTLS = requireTLS
    // RFC 6710 §5: only those we trust may push ahead; anybody may stand back.
    requests.priority = isVouchedFor ? priority ?? 0 : min(priority ?? 0, 0)
    switch hold {
    case .for(let seconds): requests.holdUntil = now + .seconds(seconds)
    case .until(let instant): requests.holdUntil = instant
    case nil: break
    }
    requests.deliverBy = by.map { .init(deadline: now + .seconds($0.seconds), mode: $0.mode, trace: $0.trace) }
    return requests
  }
}

/// What is wrong with a command line. Each fault knows its reply.
public enum CommandFault: Error, Hashable, Sendable {
  case unknownVerb(String)
  /// An HTTP request: a browser or a proxy sent here to speak for somebody else.
  case http
  case controlCharacter
  case notUTF8
  case domainSyntax
  case noSender
  case senderLocalPart(String)
  case noRecipient
  case recipientLocalPart(String)
  case needsSMTPUTF8
  case unknownParameter
  case badParameter
  case unexpectedArgument

  public var reply: Reply {
    switch self {
    case .unknownVerb, .http: .unknownCommand
    case .controlCharacter: .strayControl
    case .notUTF8: .notUTF8
    case .domainSyntax: .domainSyntax
    case .noSender: .noSender
    case .senderLocalPart(let fault): .senderLocalPart(fault)
    case .noRecipient: .noRecipient
    case .recipientLocalPart(let fault): .recipientLocalPart(fault)
    case .needsSMTPUTF8: .needsSMTPUTF8
    case .unknownParameter: .unknownParameter
    case .badParameter: .badParameter
    case .unexpectedArgument: .noArgument
    }
  }
}
