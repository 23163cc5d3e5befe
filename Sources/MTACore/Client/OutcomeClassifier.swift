/// The one place where trouble gets its meaning: tried again, or given up.
///
/// The rule of RFC 5321 §4.2.1: a 4yz answer defers, a 5yz answer to a command about the mail fails it for good. What
/// says nothing about the mail (no connection, a broken one, a time-out, TLS, a server that does not want to talk)
/// defers, for another host or a later hour may do.
///
/// | where | 4yz | 5yz |
/// |---|---|---|
/// | greeting, EHLO, STARTTLS, AUTH, RSET | next host, then deferred | next host, then deferred |
/// | MAIL, DATA, end of DATA | deferred | failed, but 530 deferred |
/// | RCPT | deferred | failed, but 530 deferred |
///
/// A transaction that is full (RFC 5321 §4.5.3.1.10) says nothing about a recipient, whatever the code: the next transaction takes the rest.
/// It is full when, behind a recipient that was taken, RCPT is answered by status X.5.3, or by 452 or 552 with no status or one of the
/// system (X.0.0, X.3.1); when X.5.3 answers DATA or the content of a mail for several; never for its first recipient.
///
/// A 5yz greeting is often a list's or a firewall's word about our address, or a host out of service (RFC 5321 §3.1, 554);
/// RFC 5321 §4.2.1 would let the client give up at once. We go on to the next host and then wait: a mail that nobody
/// will take expires in the end, a mail given up too early is lost.
package enum OutcomeClassifier {
  /// - Parameter othersAccepted: whether the server took other recipients in this transaction: before the one that it refuses, or
  ///   beside it.
  /// - Returns: the outcome with a message in one printable line of at most 600 octets.
  package static func judge(_ trouble: DeliveryTrouble, othersAccepted: Bool = false) -> RecipientResult {
    switch trouble {
    case .refused(let reply, let phase): refusal(reply, phase, othersAccepted)
    case .violation(let what, let phase): deferred(.invalidProtocol, "unexpected answer to \(phase): \(what)")
    case .connectionLost(let phase): cutOff("connection lost", phase)
    case .timedOut(let phase): cutOff("timed out", phase)
    case .ehloUnanswered(let trouble): judge(trouble)
    case .connect(let reason): deferred(.noAnswer, "cannot connect: \(reason)")
    case .tls(let reason): deferred(.cryptographicFailure, reason)
    case .untrustedCertificate(let reason): deferred(.cryptographicFailure, reason)
    case .tlsPolicy(let reason): deferred(.cryptographicFailure, reason)
    // RFC 8689 §4.2.1: what the mail asks for is not to be had there, and waiting does not help.
    case .requireTLSUnmet(let reason): failed(.encryptionNeeded, "the mail requires TLS all the way: \(reason)")
    case .requireTLSNotOffered:
      failed(.requireTLSNeeded, "the mail requires TLS all the way, and the server does not offer REQUIRETLS")
    case .tlsNotOffered: deferred(.encryptionNeeded, "TLS is required, and the server does not offer it")
    case .bytesBeforeTLS:
      deferred(.cryptographicFailure, "the server sent bytes in clear behind its answer to STARTTLS")
    case .authenticationNotOffered:
      deferred(.securityFeatures, "the server offers no authentication that we may use")
    // RFC 1870 §6.1: the announced limit stands for the refusal.
    case .tooBig(let limit): failed(.tooBig, "the mail is larger than the \(limit) octets that the server takes")
    // RFC 6531 §3.5: such mail is not to be altered on the way; it goes back.
    case .international:
      failed(.internationalAddress, "the server cannot carry international addresses or headers")
    case .binary: failed(.mediaNotSupported, "the server takes no binary content, and the mail cannot be converted")
    case .eightBit:
      failed(.conversionNotSupported, "the server takes no 8-bit content, and the mail cannot be converted")
    // RFC 2852 §4: by mode R such mail is not relayed but returned.
    case .deliverByNotOffered:
      failed(.featureNotSupported, "the mail is to be returned if it is late, and the server does not offer DELIVERBY")
    case .deliverByTooShort(let seconds):
      failed(.expired, "only \(seconds) seconds are left of the time that the sender set, too few for the server")
    case .unencodableSender: failed(.badSenderSyntax, "the sender's address cannot be said in a command")
    case .unencodableRecipient: failed(.badRecipientSyntax, "the recipient's address cannot be said in a command")
    case .contentUnavailable(let reason): deferred(.system, "the content cannot be read: \(reason)")
    case .filterRefused(let reason): failed(.policy, "the content filter refuses the mail: \(reason)")
    case .filterDeferred(let reason): deferred(.policy, "the content filter defers the mail: \(reason)")
    // RFC 5321 §5.1: NXDOMAIN is an error to report; RFC 7505 §4.2: so is the null MX.
    case .noSuchDomain(let domain): failed(.noSuchDomain, "the domain \(domain) does not exist or has no mail host")
    case .noTarget(let domain):
      failed(.noSuchDomain, "the exchangers of \(domain) are in networks that no foreign mail is sent to")
    case .nullMX(let domain): failed(.nullMX, "the domain \(domain) takes no mail")
    case .dns(let failure, let name): deferred(.directoryFailure, "\(name) could not be looked up: \(failure)")
    // RFC 5321 §5.1: reached only when we are our own best exchanger.
    case .loopsToSelf(let domain): failed(.loop, "mail for \(domain) loops back to this server")
    case .routeFails(let text): failed(.policy, text)
    case .routeHolds(let text): deferred(.notAccepting, text)
    case .noTransport: deferred(.misconfigured, "no transport is configured for this recipient")
    case .file(let reason): deferred(.system, "cannot be stored: \(reason)")
    case .noSpace(let reason): deferred(.systemFull, "cannot be stored: \(reason)")
    case .overQuota(let reason): deferred(.mailboxFull, "cannot be stored: \(reason)")
    }
  }

  private static func cutOff(_ what: String, _ phase: ClientPhase) -> RecipientResult {
    var result = deferred(.badConnection, "\(what) \(moment(phase))")
    result.isCutOff = phase != .endOfContent
    return result
  }

  private static func moment(_ phase: ClientPhase) -> String {
    switch phase {
    case .content: "while sending the content"
    // RFC 1047: nobody can know.
    case .endOfContent: "while waiting for the answer to \(phase); the server may have taken the mail all the same"
    default: "while waiting for the answer to \(phase)"
    }
  }

  /// A mail whose time is over becomes a failure with the last word in its message (RFC 5321 §4.5.4.1).
  package static func expired(_ result: RecipientResult) -> RecipientResult {
    var expired = failed(.expired, "delivery time expired; last: \(result.message)")
    expired.reply = result.reply
    return expired
  }

  /// What somebody's own code said of a delivery, in one printable line.
  package static func told(_ outcome: DeliveryOutcome, _ words: String, status: EnhancedStatus) -> RecipientResult {
    switch outcome {
    case .delivered:
      RecipientResult(.delivered, clean("2.\(status.subject).\(status.detail) \(words)"), status: status)
    case .failed: failed(status, words)
    case .deferred, .held: deferred(status, words)
    }
  }

  static func delivered(_ reply: RemoteReply, reach: RecipientResult.Reach) -> RecipientResult {
    var result = RecipientResult(
      .delivered, reply.description, status: reply.enhanced ?? .other, reply: reply.description)
    result.reach = reach
    return result
  }

  private static func refusal(_ reply: RemoteReply, _ phase: ClientPhase, _ othersAccepted: Bool) -> RecipientResult {
    let isFull = othersAccepted && saysFull(reply, phase)
    // 530 (RFC 3207 §4, RFC 4954 §6) asks for TLS or AUTH first: it is about the session, not about the mail.
    let isFinal = phase.isAboutMail && reply.isPermanent && reply.code != 530 && !isFull
    return RecipientResult(
      isFinal ? .failed : .deferred, clean("\(reply) (in reply to \(phase))"), status: reply.enhanced ?? .other,
      reply: clean(reply.description), isSurplus: isFull)
  }

  /// RFC 5321 §4.5.3.1.10: 452 says that the transaction is full, and so does 552 of older servers, unless a status names another
  /// reason, such as a mailbox that is full. RFC 3463 §3.6 has a status for it, which servers give with other codes, too.
  private static func saysFull(_ reply: RemoteReply, _ phase: ClientPhase) -> Bool {
    switch (phase, reply.enhanced) {
    case (.rcpt, .tooManyRecipients), (.data, .tooManyRecipients), (.endOfContent, .tooManyRecipients): true
    case (.rcpt, nil), (.rcpt, .other), (.rcpt, .systemFull): reply.code == 452 || reply.code == 552
    default: false
    }
  }

  /// Our own words begin with the status; a server's begin with its code.
  private static func deferred(_ status: EnhancedStatus, _ message: String) -> RecipientResult {
    RecipientResult(.deferred, clean("4.\(status.subject).\(status.detail) \(message)"), status: status)
  }
  private static func failed(_ status: EnhancedStatus, _ message: String) -> RecipientResult {
    RecipientResult(.failed, clean("5.\(status.subject).\(status.detail) \(message)"), status: status)
  }

  private static func clean(_ message: String) -> String {
    String(decoding: message.utf8.prefix(600).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
