/// A 4yz or 5yz answer that a client got: for the log.
package struct RefusalNote: Hashable, Sendable {
  /// The verb; `content` for what a message is, `connect` for the door, `command` for what is none.
  package let stage: String
  package let reply: Reply
  package let mail: MailID?
  package let from: ReversePath?
  package let to: Mailbox?
  package let login: String?
}

/// What is to be known of the author of a mail that leaves: for the log.
package struct AuthorNote: Hashable, Sendable {
  package let mail: MailID?
  /// Whoever logged in; nil for a trusted client.
  package let login: String?
  package let isReadable: Bool
  /// As ``Envelope/signers``.
  package let signers: [Domain]
}

/// What a session has to tell the log.
package struct SessionNotes: Sendable {
  /// Oldest first.
  package fileprivate(set) var refusals: [RefusalNote] = []
  /// Of the latest mail.
  package internal(set) var author: AuthorNote?
  /// Of the latest command that rules looked at, until it is taken.
  fileprivate var verdicts: RuleVerdicts?
  /// What the latest command was, and whom it named.
  var verb: Verb?
  var sender: ReversePath?
  var recipient: Mailbox?

  mutating func take(_ verdicts: inout RuleVerdicts?) { if let found = verdicts.take() { self.verdicts = found } }

  /// A new command begins.
  mutating func begin() { (verb, sender, recipient) = (nil, nil, nil) }
}

extension ServerSession {
  /// Remembers an answer that refuses, with what it is about; any other is no matter.
  mutating func note(refusal reply: Reply, to recipient: Mailbox? = nil) {
    // A refused login has a line of its own.
    guard reply.isTransient || reply.isPermanent, reply != .badCredentials else { return }
    let stage =
      if readsContent || conversation.mailID != nil { "content" } else if let verb = notes.verb { verb.name } else {
        isGreeted ? "command" : "connect"
      }
    notes.refusals.append(
      RefusalNote(
        stage: stage, reply: reply, mail: conversation.mailID, from: conversation.reversePath ?? notes.sender,
        to: recipient ?? notes.recipient, login: conversation.login?.name))
  }

  /// Remembers an author whose mail goes out without a signature, or whose name cannot be read.
  mutating func note(_ author: AuthorInquiry.Finding) {
    let isUnsigned = !configuration.signingDomains.isEmpty && author.signers.isEmpty
    guard !author.isReadable || isUnsigned else { return }
    notes.author = AuthorNote(
      mail: conversation.mailID, login: conversation.login?.name, isReadable: author.isReadable, signers: author.signers
    )
  }

  /// What rules said since the last call, if they were asked.
  package mutating func takeRuleVerdicts() -> RuleVerdicts? { notes.verdicts.take() }

  package var hasNotes: Bool { !notes.refusals.isEmpty || notes.author != nil }

  /// What there is to tell since the last call.
  package mutating func takeNotes() -> SessionNotes {
    defer { (notes.refusals, notes.author) = ([], nil) }
    return notes
  }
}

/// The commands by which answers are counted.
package enum CommandName {
  package static let verbs = Verb.allCases.map(\.name)
  /// Verbs, the door, and lines that are no command.
  package static let all = verbs + ["connect", "other"]
}

extension ServerSession {
  /// The place of the latest command in ``CommandName/all``.
  package var latestCommand: Int {
    if let verb = notes.verb { return verb.rawValue }
    return Verb.allCases.count + (isGreeted ? 1 : 0)
  }
}

/// What a command is part of.
package enum CommandPart: Hashable, Sendable {
  case session
  /// It begins a mail.
  case begin
  case mail
}

extension ServerSession {
  /// Of the latest command.
  package var latestPart: CommandPart {
    switch notes.verb {
    case .mail: .begin
    case .rcpt, .data, .bdat: .mail
    default: .session
    }
  }
}

extension Verb {
  /// As it is said on the wire.
  fileprivate var name: String {
    switch self {
    case .ehlo: "EHLO"
    case .helo: "HELO"
    case .lhlo: "LHLO"
    case .startTLS: "STARTTLS"
    case .auth: "AUTH"
    case .mail: "MAIL"
    case .rcpt: "RCPT"
    case .data: "DATA"
    case .bdat: "BDAT"
    case .xclient: "XCLIENT"
    case .rset: "RSET"
    case .noop: "NOOP"
    case .vrfy: "VRFY"
    case .expn: "EXPN"
    case .help: "HELP"
    case .quit: "QUIT"
    }
  }
}
