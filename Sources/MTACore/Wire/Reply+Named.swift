// Every reply of the receiving side, named by its meaning: the one place where codes and words are chosen.
// A name that takes text quotes it; encoding makes it harmless.

extension Reply {
  // MARK: Connection

  /// RFC 5321 §4.3.1. The greeting has no enhanced status (RFC 2034 §3).
  package static func greeting(_ server: String, title: String) -> Reply {
    Reply(220, server + " ESMTP" + (title == server || title.isEmpty ? "" : " " + title))
  }
  static let closing = Reply(221, .other, "closing connection")
  static func inactivity(_ server: String) -> Reply {
    Reply(421, .badConnection, "\(server) closing connection due to inactivity")
  }
  package static func sessionTooLong(_ server: String) -> Reply {
    Reply(421, .badConnection, "\(server) session lasts too long, closing connection")
  }
  static func shuttingDown(_ server: String) -> Reply {
    Reply(421, .notAccepting, "\(server) is shutting down, closing connection")
  }
  package static func accessDenied(until: String) -> Reply {
    Reply(421, .security, "Access TEMPORARILY denied; you may return at \(until)")
  }
  package static func tooManyConnections(_ server: String) -> Reply {
    Reply(421, .notAccepting, "\(server) has too many connections, try again later")
  }
  static func refusedAtDoor(_ refusal: Refusal) -> Reply { Reply(554, refusal.status, refusal.text) }
  static func deferredAtDoor(_ refusal: Refusal) -> Reply { Reply(421, refusal.status, refusal.text) }
  static let hookFailedAtDoor = Reply(421, .system, "local error in processing, try again later")
  static let tooManyErrors = Reply(421, .security, "too many errors, closing connection")
  static let tooManyCommands = Reply(421, .security, "too many commands without a mail, closing connection")
  static let tooMuchAtOnce = Reply(452, .systemFull, "too much is arriving at once, try again later")
  package static let tooMuchAtOnceClosing = Reply(421, .systemFull, "too much is arriving at once, closing connection")
  static let internalError = Reply(421, .system, "internal error, closing connection")
  static let bytesBeforeTLS = Reply(
    554, .invalidCommand, "commands after STARTTLS must wait for the handshake, closing connection")

  // MARK: Any command

  static let ok = Reply(250, .other, "OK")
  static let unknownCommand = Reply(500, .invalidCommand, "unknown command")
  static let lineTooLong = Reply(500, .syntax, "line too long")
  static let strayControl = Reply(500, .syntax, "control characters, bare CR and bare LF are not allowed in a command")
  static let notUTF8 = Reply(500, .syntax, "command is not valid UTF-8")
  static func outOfSequence(_ what: String) -> Reply { Reply(503, .invalidCommand, what) }
  static let noArgument = Reply(501, .invalidArguments, "no argument is allowed here")
  static func refused(_ refusal: Refusal) -> Reply { Reply(550, refusal.status, refusal.text) }
  static func deferred(_ refusal: Refusal) -> Reply { Reply(451, refusal.status, refusal.text) }
  static func answer(_ lines: [String], code: UInt16) -> Reply { Reply(code, .other, lines: lines) }
  static let hookFailedForGood = Reply(550, .system, "local error in processing")
  package static let hookFailed = Reply(451, .system, "local error in processing, try again later")

  // MARK: EHLO, HELO (R4)

  /// RFC 5321 §4.1.1.1. No enhanced status here either (RFC 2034 §3).
  static func welcome(_ server: String, _ extensions: [String]) -> Reply { Reply(250, lines: [server] + extensions) }
  static let domainRequired = Reply(501, .syntax, "Domain required after EHLO/HELO")
  static let domainSyntax = Reply(501, .syntax, "control characters or a wrong address after EHLO/HELO")
  static let sayLHLO = Reply(500, .invalidCommand, "this is LMTP, say LHLO")
  static func domainNotFound(_ domain: Domain) -> Reply {
    Reply(550, .policy, "\(domain) was not found in the DNS system")
  }
  static func domainUnresolved(_ domain: Domain) -> Reply {
    Reply(451, .directoryFailure, "\(domain) could not be looked up in the DNS system, try again later")
  }

  // MARK: STARTTLS

  static let readyForTLS = Reply(220, .other, "ready to start TLS")
  static let tlsUnavailable = Reply(454, .security, "TLS is not available")

  // MARK: AUTH

  static let authenticated = Reply(235, .security, "authentication succeeded")
  package static let badCredentials = Reply(535, .badCredentials, "authentication credentials invalid")
  static let nobodyLogsIn = Reply(502, .invalidCommand, "nobody logs in here")
  static let authNeedsTLS = Reply(538, .encryptionRequired, "encryption is required before AUTH")
  static let tooManyLoginFailures = Reply(421, .security, "too many failed logins, closing connection")
  static let loginsExhausted = Reply(454, .security, "too many refused logins, try again later")
  static let authFailed = Reply(454, .security, "temporary authentication failure")
  static let badBase64 = Reply(501, .syntax, "invalid base64 data")
  static let authCancelled = Reply(501, .security, "authentication cancelled")
  static let malformedResponse = Reply(501, .syntax, "malformed authentication response")
  static let unknownMechanism = Reply(504, .invalidArguments, "unrecognized authentication mechanism")
  static let authLineTooLong = Reply(500, .authLineTooLong, "authentication exchange line is too long")
  static func challenge(_ base64: String) -> Reply { Reply(334, base64) }

  // MARK: MAIL, RCPT (R5–R8, R12, R16)

  static let senderOK = Reply(250, .otherAddress, "sender OK")
  static let noSender = Reply(501, .badSenderSyntax, "No proper sender (MAIL FROM:<address>)")
  static func senderLocalPart(_ fault: String) -> Reply {
    Reply(553, .badSenderSyntax, "Local part of the sender cannot contain \(fault)")
  }
  static func membersMustUse(port: UInt16) -> Reply { Reply(550, .policy, "members must use port \(port)") }
  static func nonMembersMustUse(port: UInt16) -> Reply { Reply(550, .policy, "Non members must use port \(port)") }
  static func mustBeAuthenticated(port: UInt16) -> Reply {
    Reply(530, .security, "Traffic on port \(port) must be authenticated")
  }
  static func mustBeEncrypted(port: UInt16) -> Reply {
    Reply(530, .security, "Traffic on port \(port) must be encrypted")
  }
  // RFC 5321 has no code for it. 450 is what Postfix says at such limits, and clients try again.
  static func mailLimit(_ span: LimitSpan, minutes: Int64) -> Reply {
    Reply(450, .policy, "too many mails within \(span.words); try again in \(minutes) minute\(minutes == 1 ? "" : "s")")
  }
  /// Not 452 4.5.3, which says that the recipient may come with the next mail, at once.
  static func recipientLimit(_ span: LimitSpan, minutes: Int64) -> Reply {
    Reply(
      450, .policy, "too many recipients within \(span.words); try again in \(minutes) minute\(minutes == 1 ? "" : "s")"
    )
  }
  static let accountSuspended = Reply(450, .policy, "this account cannot send mail now")
  static let notYourAddress = Reply(550, .policy, "the sender does not belong to the user who logged in")
  static func notYourLocalAddress(_ own: Mailbox) -> Reply {
    Reply(550, .policy, "the sender is not yours; you may send as \(own)")
  }
  static let notYourAuthor = Reply(550, .policy, "the author (From) does not belong to the user who logged in")
  static let tooManyAuthors = Reply(550, .policy, "too many authors (From)")
  static let recipientOK = Reply(250, .recipientValid, "recipient OK")
  static let noRecipient = Reply(501, .badRecipientSyntax, "No proper recipient (RCPT TO:<address>)")
  static func recipientLocalPart(_ fault: String) -> Reply {
    Reply(553, .badRecipientSyntax, "Local part of the recipient cannot contain \(fault)")
  }
  /// RFC 6531 §3.5.
  static let needsSMTPUTF8 = Reply(553, .internationalAddress, "an international address needs SMTPUTF8")
  static let unknownParameter = Reply(555, .invalidArguments, "unknown parameter")
  static let notForYou = Reply(550, .policy, "not allowed for this client")
  static let badParameter = Reply(501, .invalidArguments, "syntax error in parameters")
  static let tooBig = Reply(552, .tooBig, "message size exceeds the maximum")
  static let tooManyRecipients = Reply(452, .tooManyRecipients, "too many recipients")
  static let noSuchUser = Reply(550, .noSuchMailbox, "no such user here")
  static let noRelaying = Reply(550, .policy, "this server does not support relaying")
  static let noSuchDomain = Reply(550, .noSuchDomain, "recipient's domain does not exist or takes no mail")
  /// Forwards of forwards without an end: an operator's mistake, to be mended while the sender tries again.
  static let forwardedTooFar = Reply(
    451, .misconfigured, "mail for this recipient is forwarded too far, try again later")
  static let unknownReturn = Reply(550, .noSuchMailbox, "no such return address here")
  static let expiredReturn = Reply(550, .noSuchMailbox, "this return address has expired")
  static let reportsOnly = Reply(550, .policy, "this return address takes reports only")
  /// RFC 8689 §4.2.1.
  static let requireTLSNotAhead = Reply(
    550, .requireTLSNeeded, "REQUIRETLS support required where the mail is forwarded to")
  static let internationalNotAhead = Reply(
    550, .internationalAddress, "the mail is forwarded to a server that takes no international mail")
  static let eightBitNotAhead = Reply(
    550, .conversionNotSupported, "the mail is forwarded to a server that takes no 8-bit header")
  static let nullMX = Reply(556, .nullMX, "recipient's domain takes no mail")

  // MARK: DATA (R9, R10)

  static let startMail = Reply(354, "start mail input; end with <CRLF>.<CRLF>")
  static func chunkTaken(_ octets: UInt64) -> Reply { Reply(250, .other, "\(octets) octets received") }
  static let binaryNeedsBDAT = Reply(503, .invalidCommand, "BODY=BINARYMIME needs BDAT")
  static let heldTooLong = Reply(501, .invalidArguments, "the mail would be held for too long")
  static let heldUntilPast = Reply(501, .invalidArguments, "the mail is to be held until a time that is past")
  static func deliverByTooSoon(_ seconds: Int64) -> Reply {
    Reply(501, .invalidArguments, "delivery within less than \(seconds) seconds is not promised here")
  }
  static let noRecipients = Reply(554, .invalidCommand, "There must be at least 1 acceptable recipient")
  static let noRecipientsByLMTP = Reply(503, .invalidCommand, "There must be at least 1 acceptable recipient")
  static let bareLineEnd = Reply(550, .media, "message has a bare CR or LF, which RFC 5321 forbids")
  static let headerOctets = Reply(
    550, .media, "message header has a bare CR, a bare LF or a NUL, which RFC 5322 forbids")
  static let headerInDisguise = Reply(
    550, .media, "message begins with a line that looks like a header field and is none")
  static let tooManyHops = Reply(554, .loop, "too many hops: this looks like a mail loop")
  static let forwardingLoop = Reply(554, .loop, "the mail was forwarded from here before: this is a mail loop")
  static let headerTooLarge = Reply(552, .tooBig, "message header is too large")
  static let noSpace = Reply(452, .systemFull, "no space, try again later")
  static func unableToSave(_ id: MailID) -> Reply {
    Reply(451, .system, "unable to save message id=\(id), try again later")
  }

  /// The 250 after a mail. It needs the store's proof.
  public static func accepted(_ receipt: StoreReceipt) -> Reply { Reply(250, .other, "queued as \(receipt.id)") }
  /// The mail is queued, but not for these.
  static func accepted(_ receipt: StoreReceipt, without refused: [Mailbox]) -> Reply {
    guard !refused.isEmpty else { return accepted(receipt) }
    let names = refused.map { "<\($0)>" }.joined(separator: " ")
    return Reply(250, .other, "queued as \(receipt.id), but not for \(names)")
  }
  static func discarded(_ id: MailID) -> Reply { Reply(250, .other, "queued as \(id)") }

  // MARK: VRFY, EXPN, HELP (R17)

  static let cannotVerify = Reply(
    252, .otherAddress, "cannot verify the user, but will take the message and try to deliver it")
  static let help = Reply(
    214, .other,
    lines: ["commands: EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP QUIT", "see RFC 5321"])
}

extension LimitSpan {
  fileprivate var words: String { self == .hour ? "an hour" : "a day" }
}
