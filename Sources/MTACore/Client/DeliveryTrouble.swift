/// Everything that can keep a mail from its recipient. ``OutcomeClassifier`` says what it means for the mail.
package enum DeliveryTrouble: Error, Hashable, Sendable {
  // MARK: the dialogue
  /// The server refused.
  case refused(RemoteReply, ClientPhase)
  /// The server said something that the protocol does not allow here.
  case violation(String, ClientPhase)
  case connectionLost(ClientPhase)
  case timedOut(ClientPhase)
  /// The server broke off at EHLO in clear, for this reason. HELO on another connection may work.
  indirect case ehloUnanswered(DeliveryTrouble)

  // MARK: the session
  /// No connection could be made; the system's reason.
  case connect(String)
  /// The handshake failed.
  case tls(String)
  /// The server's certificate failed the check, and must pass.
  case untrustedCertificate(String)
  /// TLS is required, and the server does not offer it.
  case tlsNotOffered
  /// Bytes in clear came after the answer to STARTTLS: an attacker may have sent them.
  case bytesBeforeTLS
  /// Credentials are set, but the server offers neither PLAIN nor LOGIN, or no TLS to send them under.
  case authenticationNotOffered

  /// The TLS policy of the domain excludes the host, for this reason.
  case tlsPolicy(String)
  /// The mail asks for protection all the way (RFC 8689), and the way to this host has none, for this reason.
  case requireTLSUnmet(String)
  /// The mail asks for protection all the way, and the server does not offer REQUIRETLS.
  case requireTLSNotOffered

  // MARK: the mail
  /// The mail is larger than the server's limit, in octets.
  case tooBig(limit: Int)
  /// The server cannot carry international addresses or headers (RFC 6531).
  case international
  /// Only BDAT can carry the content, and the server does not take BDAT (RFC 3030 §3).
  case binary
  /// The server takes no 8-bit content (RFC 6152 §3).
  case eightBit
  /// The mail is to be returned if it is late (RFC 2852), and the server does not support that.
  case deliverByNotOffered
  /// The same, and too little time is left for the server.
  case deliverByTooShort(seconds: Int64)
  /// The address has characters that cannot stand in a command.
  case unencodableSender
  case unencodableRecipient
  /// Our own store did not return the content.
  case contentUnavailable(String)
  /// The content filter refuses the mail; its reason.
  case filterRefused(String)
  /// The content filter defers the mail, or could not be asked; the reason.
  case filterDeferred(String)

  // MARK: the way
  case noSuchDomain(String)
  case nullMX(String)
  case dns(DNSFailure, String)
  /// The domain's exchangers are all in networks that no foreign domain may direct mail to.
  case noTarget(String)
  /// All exchangers are this server.
  case loopsToSelf(String)
  /// The settings let mail for the domain fail; their words.
  case routeFails(String)
  /// The settings let mail for the domain wait; their words.
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
