/// What a session is doing. Its phases change in `ServerSession.swift` alone.
extension ServerSession {
  enum Phase: Sendable {
    /// Commands are read.
    case idle
    /// An answer or event is awaited; nothing is read.
    case waiting(Pending)
    /// The next line belongs to AUTH.
    case authResponse(LoginInquiry)
    case content
    /// The octets of a BDAT are read.
    case chunk(Chunk)
    case closed
  }

  /// What is awaited: the answer to a question of an inquiry that is under way, or to a single question, or an event.
  enum Pending: Sendable {
    case connect
    case greeting(GreetingInquiry)
    case startTLS
    case login(LoginInquiry)
    case xclient(XClient)
    case sender(SenderInquiry)
    case recipient(RecipientInquiry)
    /// Of DATA, or of the first BDAT of a mail.
    case data(Chunk?)
    case author(AuthorInquiry, then: AfterHeader)
    case endOfHeaders(then: AfterHeader)
    case message(MessageInquiry)
    /// The sender of forwarded copies, before the mail is committed for these.
    case rewriting([EnvelopeRecipient], hold: String?)
    /// Of a command whose hook alone is asked; nil for one that we do not know.
    case command(Verb?)
    case quit
    case timeout
    // Events.
    case handshake
    case spool(Chunk?)
    case commit
  }

  /// An answer came: what waited for it goes on. The `run` of an inquiry gives the answer to it, and acts on its step.
  mutating func resume(_ pending: Pending, _ answer: Answer) -> Action {
    switch pending {
    case .connect: doorJudged(answer)
    case .greeting(let inquiry): run(inquiry, answer)
    case .startTLS: tlsJudged(answer)
    case .login(let inquiry): run(inquiry, answer)
    case .xclient(let client): xclientKnown(client, answer)
    case .sender(let inquiry): run(inquiry, answer)
    case .recipient(let inquiry): run(inquiry, answer)
    case .data(let chunk): dataJudged(chunk, answer)
    case .author(let inquiry, let next): run(inquiry, answer, then: next)
    case .endOfHeaders(let next): headerJudged(answer, then: next)
    case .message(let inquiry): run(inquiry, answer)
    case .rewriting(let recipients, let hold): senderRewritten(answer, recipients, hold: hold)
    case .command(let verb): commandJudged(verb, answer)
    case .quit: quit()
    case .timeout: close(.inactivity(configuration.serverName))
    case .handshake, .spool, .commit: impossible()
    }
  }
}
