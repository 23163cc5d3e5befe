/// What the session needs to know before it can go on: of the hooks, or of the world outside.
package enum Question: Hashable, Sendable {
  case connect
  /// Is the domain in the DNS at all (R4)?
  case domainExists(DNSName)
  case ehlo(Domain?)
  case startTLS
  /// The keys that a user's SCRAM proof is to be verified with.
  case scramKeys(String)
  /// Whose are these credentials? `.loginsExhausted` where they are not to be looked at.
  case auth(Credentials)
  /// A proof of this user's is to be verified. The shell answers `.noted`, when the client's address and the account have a try to
  /// spare, or `.loginsExhausted`.
  case loginProof(String)
  /// A login was refused. The shell answers `.noted`, when it is time to tell the client.
  case loginRefused
  case clientLookup(Mailbox)
  case mailFrom(ReversePath)
  /// What time is it?
  case time
  /// Does mail for the domain have anywhere to go (R16)?
  case route(DNSName)
  case rcptTo(Mailbox)
  /// May the user, or the client, begin a mail, or have one recipient more? All else is in order.
  case allowance(SendingUse)
  /// The original of a rewritten sender, where this process cannot tell.
  case restore(Mailbox, at: Timestamp)
  /// The sender of forwarded copies, where this process cannot make it.
  case rewrite(Mailbox, at: Timestamp)
  case data
  case endOfHeaders
  /// What did inspection find in the content?
  case inspection
  case message
  case rset
  case noop
  case vrfy(String)
  case expn(String)
  case help(String?)
  case unknown(String)
  case quit
  case timeout
}

/// The answer to a ``Question``.
package enum Answer: Hashable, Sendable {
  case connect(ConnectVerdict)
  case stage(StageVerdict)
  case recipient(RecipientVerdict)
  case message(MessageVerdict)
  case command(CommandVerdict)
  case client(ClientRecord?)
  case scramKeys(SCRAMKeys?)
  /// Nil: the DNS could not say.
  case domainExists(Bool?)
  case route(MailRoute)
  case time(Timestamp)
  case allowance(Allowance)
  case restored(Restoration)
  /// Nil: it stays as it is.
  case rewritten(Mailbox?)
  case inspection([AuthenticationResult], at: Timestamp)
  case noted
  /// Too many logins were refused: this one was not looked at.
  case loginsExhausted
  /// The hook threw or was too late.
  case failed
}

extension InboundHooks {
  /// The one place where a question becomes a call. Throws what the hook throws.
  package mutating func answer(_ question: Question, _ c: inout Conversation) async throws -> Answer {
    switch question {
    case .connect: return .connect(try await connect(&c))
    case .ehlo(let domain): return .stage(try await ehlo(domain, &c))
    case .startTLS: return .stage(try await startTLS(&c))
    case .auth(let credentials):
      let client = try await asked { hooks in try await hooks.auth(credentials, &c) }
      // The session asks nobody who cannot know.
      return client.map { .client($0) } ?? .failed
    case .scramKeys(let user):
      let keys = try await asked { hooks in try await hooks.scramKeys(for: user) }
      return keys.map { .scramKeys($0) } ?? .failed
    case .clientLookup(let mailbox): return .client(try await clientLookup(mailbox))
    case .mailFrom(let sender): return .stage(try await mailFrom(sender, &c))
    case .rcptTo(let recipient): return .recipient(try await rcptTo(recipient, &c))
    case .data: return .stage(try await data(&c))
    case .endOfHeaders: return .stage(try await endOfHeaders(&c))
    case .message: return .message(try await message(&c))
    case .rset: return .command(try await rset(&c))
    case .noop: return .command(try await noop(&c))
    case .vrfy(let text): return .command(try await vrfy(text, &c))
    case .expn(let text): return .command(try await expn(text, &c))
    case .help(let text): return .command(try await help(text, &c))
    case .unknown(let verb): return .command(try await unknown(verb, &c))
    case .quit:
      try await quit(&c)
      return .noted
    case .timeout:
      try await timeout(&c)
      return .noted
    // Not the hooks' business: the shell answers these itself.
    case .domainExists, .route, .time, .allowance, .restore, .rewrite, .inspection, .loginProof, .loginRefused:
      return .failed
    }
  }
}

extension Question {
  /// The hook's name, for logs: never what it was asked with.
  package var name: String {
    switch self {
    case .connect: "connect"
    case .domainExists: "domainExists"
    case .ehlo: "ehlo"
    case .startTLS: "startTLS"
    case .scramKeys: "scramKeys"
    case .auth: "auth"
    case .loginProof: "loginProof"
    case .loginRefused: "loginRefused"
    case .clientLookup: "clientLookup"
    case .mailFrom: "mailFrom"
    case .route: "route"
    case .time: "time"
    case .rcptTo: "rcptTo"
    case .allowance: "allowance"
    case .restore: "restore"
    case .rewrite: "rewrite"
    case .data: "data"
    case .endOfHeaders: "endOfHeaders"
    case .inspection: "inspection"
    case .message: "message"
    case .rset: "rset"
    case .noop: "noop"
    case .vrfy: "vrfy"
    case .expn: "expn"
    case .help: "help"
    case .unknown: "unknown"
    case .quit: "quit"
    case .timeout: "timeout"
    }
  }
}
