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
/// | RCPT | deferred | failed, but 530 deferred, and 552 where it means a full transaction |
///
/// A 5yz greeting is often a list's or a firewall's word about our address, or a host out of service (RFC 5321 §3.1, 554);
/// RFC 5321 §4.2.1 would let the client give up at once. We go on to the next host and then wait: a mail that nobody
/// will take expires in the end, a mail given up too early is lost.
public enum OutcomeClassifier {
  /// - Parameter othersAccepted: for a refused recipient, whether the server took one before it in this transaction.
  /// - Returns: the outcome with a message in one printable line of at most 600 octets.
  public static func judge(_ trouble: DeliveryTrouble, othersAccepted: Bool = false) -> RecipientResult {
    switch trouble {
    case .refused(let reply, let phase): refusal(reply, phase, othersAccepted)
    case .violation(let what, let phase): deferred("4.5.0 unexpected answer to \(phase): \(what)")
    case .connectionLost(let phase): deferred("4.4.2 connection lost while waiting for the answer to \(phase)")
    case .timedOut(let phase): deferred("4.4.2 timed out while waiting for the answer to \(phase)")
    case .connect(let reason): deferred("4.4.1 cannot connect: \(reason)")
    case .tls(let reason): deferred("4.7.5 \(reason)")
    case .untrustedCertificate(let reason): deferred("4.7.5 \(reason)")
    case .tlsNotOffered: deferred("4.7.10 TLS is required, and the server does not offer it")
    case .bytesBeforeTLS: deferred("4.7.5 the server sent bytes in clear behind its answer to STARTTLS")
    case .tlsPolicy(let reason): deferred("4.7.5 \(reason)")
    // RFC 8689 §4.2.1: what the mail asks for is not to be had there, and waiting does not help.
    case .requireTLSUnmet(let reason): failed("5.7.10 the mail requires TLS all the way: \(reason)")
    case .requireTLSNotOffered:
      failed("5.7.30 the mail requires TLS all the way, and the server does not offer REQUIRETLS")
    case .authenticationNotOffered: deferred("4.7.4 the server offers no authentication that we may use")
    // RFC 1870 §6.1: the announced limit stands for the refusal.
    case .tooBig(let limit): failed("5.3.4 the mail is larger than the \(limit) octets that the server takes")
    // RFC 6531 §3.5: such mail is not to be altered on the way; it goes back.
    case .international: failed("5.6.7 the server cannot carry international addresses or headers")
    case .binary: failed("5.6.1 binary content cannot be sent by DATA")
    case .unencodableSender: failed("5.1.7 the sender's address cannot be said in a command")
    case .unencodableRecipient: failed("5.1.3 the recipient's address cannot be said in a command")
    case .contentUnavailable(let reason): deferred("4.3.0 the content cannot be read: \(reason)")
    // RFC 5321 §5.1: NXDOMAIN is an error to report; RFC 7505 §4.2: so is the null MX.
    case .noSuchDomain(let domain): failed("5.1.2 the domain \(domain) does not exist or has no mail host")
    case .nullMX(let domain): failed("5.1.10 the domain \(domain) takes no mail")
    case .dns(let failure, let name): deferred("4.4.3 \(name) could not be looked up: \(failure)")
    // RFC 5321 §5.1: reached only when we are our own best exchanger.
    case .loopsToSelf(let domain): failed("5.4.6 mail for \(domain) loops back to this server")
    case .routeFails(let text): failed("5.7.1 \(text)")
    case .routeHolds(let text): deferred("4.3.2 \(text)")
    case .noTransport: deferred("4.3.5 no transport is configured for this recipient")
    case .file(let reason): deferred("4.3.0 cannot be stored: \(reason)")
    }
  }

  /// A mail whose time is over becomes a failure with the last word in its message (RFC 5321 §4.5.4.1).
  public static func expired(_ result: RecipientResult) -> RecipientResult {
    failed("5.4.7 delivery time expired; last: \(result.message)")
  }

  static func delivered(_ reply: RemoteReply) -> RecipientResult { RecipientResult(.delivered, reply.description) }

  private static func refusal(_ reply: RemoteReply, _ phase: ClientPhase, _ othersAccepted: Bool) -> RecipientResult {
    let message = "\(reply) (in reply to \(phase))"
    switch phase {
    case .mail, .data, .endOfContent, .content:
      // 530 (RFC 3207 §4, RFC 4954 §6) asks for TLS or AUTH first: it is about the session, not about the mail.
      return reply.isPermanent && reply.code != 530 ? failed(message) : deferred(message)
    case .rcpt:
      // RFC 5321 §4.5.3.1.10: 452 says that the transaction is full, and so does 552 of older servers, unless a status
      // names another reason. A transaction that nobody is in yet cannot be full.
      let saysFull = reply.enhanced == nil || reply.enhanced == .tooManyRecipients
      if othersAccepted, reply.code == 452 || reply.code == 552, saysFull {
        return RecipientResult(.deferred, clean(message), isSurplus: true)
      }
      return reply.isPermanent && reply.code != 530 ? failed(message) : deferred(message)
    case .greeting, .hello, .startTLS, .auth, .rset, .quit, .idle: return deferred(message)
    }
  }

  private static func deferred(_ message: String) -> RecipientResult { RecipientResult(.deferred, clean(message)) }
  private static func failed(_ message: String) -> RecipientResult { RecipientResult(.failed, clean(message)) }

  private static func clean(_ message: String) -> String {
    String(decoding: message.utf8.prefix(600).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
