/// Which verb may come when: the table of RFC 5321 §4.1.4, RFC 3207 §4 and RFC 4954 §4, in one place.
enum Verb: Int, Hashable, Sendable, CaseIterable {
  case ehlo, helo, lhlo, startTLS, auth, mail, rcpt, data, bdat, xclient, rset, noop, vrfy, expn, help, quit

  init(_ command: Command) {
    switch command {
    case .ehlo: self = .ehlo
    case .helo: self = .helo
    case .lhlo: self = .lhlo
    case .startTLS: self = .startTLS
    case .auth: self = .auth
    case .mail: self = .mail
    case .rcpt: self = .rcpt
    case .data: self = .data
    case .bdat: self = .bdat
    case .xclient: self = .xclient
    case .rset: self = .rset
    case .noop: self = .noop
    case .vrfy: self = .vrfy
    case .expn: self = .expn
    case .help: self = .help
    case .quit: self = .quit
    }
  }
}

/// How far a session has come, as far as legality asks.
enum SessionStage: Hashable, Sendable, CaseIterable {
  /// Before EHLO or HELO.
  case fresh
  case greeted
  /// MAIL was accepted.
  case mail
  /// And at least one RCPT.
  case recipients
  /// A first piece of content came by BDAT: more of it, or nothing, but no other envelope.
  case chunks
}

extension Verb {
  /// The refusal of this verb in a stage; nil where it is in place.
  func refusal(in stage: SessionStage) -> Reply? {
    switch (self, stage) {
    case (.ehlo, _), (.helo, _), (.lhlo, _), (.rset, _), (.noop, _), (.vrfy, _), (.expn, _), (.help, _), (.quit, _): nil
    case (.xclient, .fresh), (.xclient, .greeted): nil
    case (.xclient, _): .outOfSequence("XCLIENT is not allowed in a mail transaction")
    case (_, .fresh): .outOfSequence("say EHLO or HELO first")
    case (.startTLS, .greeted), (.auth, .greeted), (.mail, .greeted): nil
    case (.startTLS, _): .outOfSequence("STARTTLS is not allowed in a mail transaction")
    // RFC 4954 §4: AUTH is not permitted during a mail transaction.
    case (.auth, _): .outOfSequence("AUTH is not allowed in a mail transaction")
    case (.mail, _): .outOfSequence("nested MAIL command")
    case (.rcpt, .greeted): .outOfSequence("need MAIL before RCPT")
    case (.data, .greeted), (.bdat, .greeted): .outOfSequence("need MAIL before content")
    case (.rcpt, .mail), (.rcpt, .recipients): nil
    case (.rcpt, .chunks): .outOfSequence("no recipients once BDAT has begun")
    case (.data, .mail), (.bdat, .mail): .noRecipients
    case (.data, .recipients), (.bdat, .recipients), (.bdat, .chunks): nil
    // RFC 3030 §2: BDAT and DATA are not to be mixed in a transaction.
    case (.data, .chunks): .outOfSequence("DATA is not allowed once BDAT has begun")
    }
  }
}
