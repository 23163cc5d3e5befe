/// Everything that keeps a mail from its recipient. What it means for the mail is ``OutcomeClassifier``'s to say.
public enum DeliveryTrouble: Error, Hashable, Sendable {
  // MARK: the dialogue
  /// The server refused.
  case refused(RemoteReply, ClientPhase)
  /// The server said something that the protocol does not allow here.
  case violation(String, ClientPhase)
  case connectionLost(ClientPhase)
  case timedOut(ClientPhase)
  /// The server broke off at EHLO, said in clear, in this way: HELO on another connection may do.
  indirect case ehloUnanswered(DeliveryTrouble)

  // MARK: the session
  /// No connection; the system's reason.
  case connect(String)
  /// The handshake failed.
  case tls(String)
  /// The certificate of the server does not pass where it must.
  case untrustedCertificate(String)
  /// TLS is required and not offered.
  case tlsNotOffered
  /// Bytes came behind the answer to STARTTLS, in clear: somebody may have put them there.
  case bytesBeforeTLS
  /// Credentials are set, but the server offers neither PLAIN nor LOGIN, or no TLS to say them under.
  case authenticationNotOffered

  /// The host is not used under the TLS policy of the domain; why.
  case tlsPolicy(String)
  /// The mail wants protection all the way (RFC 8689), and the way to this host has none; why.
  case requireTLSUnmet(String)
  /// The same, and the server does not offer REQUIRETLS.
  case requireTLSNotOffered

  // MARK: the mail
  /// The server's limit in octets.
  case tooBig(limit: Int)
  /// The server cannot carry international addresses or headers (RFC 6531).
  case international
  /// Content that only BDAT could carry, and the server takes none (RFC 3030 §3).
  case binary
  /// The server takes no 8-bit content (RFC 6152 §3).
  case eightBit
  /// The mail is to be returned if it is late (RFC 2852), and the server does not see to that.
  case deliverByNotOffered
  /// The same, and the server takes no mail with so little time left.
  case deliverByTooShort(seconds: Int64)
  /// The address holds what cannot stand in a command.
  case unencodableSender
  case unencodableRecipient
  /// Our own store did not give the content.
  case contentUnavailable(String)
  /// The content filter does not want the mail; its reason.
  case filterRefused(String)
  /// The content filter wants the mail later, or could not be asked; the reason.
  case filterDeferred(String)

  // MARK: the way
  case noSuchDomain(String)
  case nullMX(String)
  case dns(DNSFailure, String)
  /// The domain has exchangers, and all of them are in networks where no exchanger is looked for.
  case noTarget(String)
  /// All exchangers are ourselves.
  case loopsToSelf(String)
  /// The settings let mail for the domain go nowhere; their words.
  case routeFails(String)
  /// The same, for now.
  case routeHolds(String)
  /// There is no transport for the recipient.
  case noTransport

  // MARK: the last step
  /// A file could not be written; the system's reason.
  case file(String)
  /// The disk is full; the system's reason.
  case noSpace(String)
  /// The owner of the mailbox may not store more; the system's reason.
  case overQuota(String)
}
