/// One command of a client, parsed (RFC 5321 §4.1.1).
package enum Command: Hashable, Sendable {
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
package enum ForwardPath: Hashable, Sendable {
  case mailbox(Mailbox)
  /// `<postmaster>`, without a domain (RFC 5321 §4.1.1.3).
  case postmaster
}
