/// One command of a client, parsed (RFC 5321 §4.1.1).
public enum Command: Hashable, Sendable {
  /// Nil: no domain was given.
  case ehlo(Domain?)
  case helo(Domain?)
  case startTLS
  /// `initial` is what stood behind the mechanism, still in base64; `=` stands for an empty response (RFC 4954 §4).
  case auth(mechanism: String, initial: [UInt8]?)
  case mail(ReversePath, MailParameters)
  case rcpt(ForwardPath)
  case data
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
  /// Bytes that the client says the message has (RFC 1870).
  public var size: UInt64?
  public var body: BodyType?
  public var smtpUTF8 = false

  public init(size: UInt64? = nil, body: BodyType? = nil, smtpUTF8: Bool = false) {
    self.size = size
    self.body = body
    self.smtpUTF8 = smtpUTF8
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
