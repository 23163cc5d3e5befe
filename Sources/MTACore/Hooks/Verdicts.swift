/// A refusal in an adopter's words. The engine writes it to the wire; text is made harmless there.
public struct Refusal: Hashable, Sendable {
  public var status: EnhancedStatus
  /// One line, without codes.
  public var text: String
  /// End the connection after the answer.
  public var thenClose: Bool

  public init(_ text: String, _ status: EnhancedStatus = .policy, thenClose: Bool = false) {
    self.text = text
    self.status = status
    self.thenClose = thenClose
  }
}

/// How much a verdict weighs when policies are chained: a final one stops the chain, of milder ones the first stands.
public enum VerdictWeight: Int, Comparable, Sendable {
  case pass, change, final
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What the verdicts of all stages have in common.
public protocol Verdict: Sendable, Hashable {
  var weight: VerdictWeight { get }
  /// A 5yz answer.
  static func refuse(_ refusal: Refusal) -> Self
  /// A 4yz answer: the client tries again later.
  static func `defer`(_ refusal: Refusal) -> Self
}

extension Verdict {
  /// ``refuse(_:)`` in these words: `.refuse("we do not trade with you")`, `.refuse("no such list", .noSuchMailbox)`. Default 5.7.1; the
  /// connection stays.
  public static func refuse(_ text: String, _ status: EnhancedStatus = .policy) -> Self {
    .refuse(Refusal(text, status))
  }

  /// ``defer(_:)`` in these words. Default 4.7.1; the connection stays.
  public static func `defer`(_ text: String, _ status: EnhancedStatus = .policy) -> Self {
    .defer(Refusal(text, status))
  }

  /// The engine chooses the code, and the class of the status with it, so that they cannot contradict each other.
  @available(
    *, unavailable,
    message:
      "the engine says the code and the class: write .refuse(\"text\"), or .refuse(\"text\", EnhancedStatus(7, 1)) for 5.7.1"
  )
  public static func refuse(_ code: Int, _ status: String, _ text: String) -> Self { .refuse(text) }

  @available(
    *, unavailable,
    message:
      "the engine says the code and the class: write .defer(\"text\"), or .defer(\"text\", EnhancedStatus(7, 1)) for 4.7.1"
  )
  public static func `defer`(_ code: Int, _ status: String, _ text: String) -> Self { .defer(text) }
}

/// The verdict of `connect`.
public enum ConnectVerdict: Verdict {
  case proceed
  /// 554 instead of the greeting, then the connection ends.
  case refuse(Refusal)
  /// 421 instead of the greeting, then the connection ends.
  case `defer`(Refusal)
  /// The connection ends without a byte.
  case drop

  public var weight: VerdictWeight { self == .proceed ? .pass : .final }
}

/// The verdict of a stage that can only let pass, refuse or defer: `ehlo`, `startTLS`, `mailFrom`, `data`, `endOfHeaders`.
public enum StageVerdict: Verdict {
  case proceed
  /// A 5yz answer.
  case refuse(Refusal)
  /// A 4yz answer.
  case `defer`(Refusal)

  public var weight: VerdictWeight { self == .proceed ? .pass : .final }
}

/// The verdict of `rcptTo`.
public enum RecipientVerdict: Verdict {
  case proceed
  /// Deliver to these mailboxes in place of this one. Each is looked up and held to the recipient rules as if the client
  /// had named it, without a second hook call; the first that they refuse refuses the recipient, and then none of them
  /// is taken. An empty list says that there is no such user.
  case redirect([Mailbox])
  /// Forward to these mailboxes, and with `keepingCopy` deliver to this one as well: what ``ClientRecord/forwards`` does, in place
  /// of what the record says. Unlike a redirect's, no rule refuses these mailboxes, so name none that a client could choose.
  ///
  /// Each is looked up; one that does not exist, or whose domain takes no mail, is left out, and the recipient is refused when
  /// none remains. Copies that leave for other servers carry a Delivered-To that ends loops, and a rewritten sender where
  /// ``SessionConfiguration/rewriter`` is set.
  case forward([Mailbox], keepingCopy: Bool)
  case refuse(Refusal)
  case `defer`(Refusal)

  public var weight: VerdictWeight {
    switch self {
    case .proceed: .pass
    case .redirect, .forward: .change
    case .refuse, .defer: .final
    }
  }
}

/// The verdict of `message`, when the whole mail has arrived.
public enum MessageVerdict: Verdict {
  /// Queue it for delivery.
  case proceed
  /// Queue it, but deliver nothing of it before somebody releases it. The client is told 250 as for any mail; the reason
  /// is for the operator, and rests with the parcels as one printable line.
  case hold(String)
  /// Queue it for these mailboxes in place of all its recipients. Each is looked up and held to the recipient rules as if
  /// the client had named it; the first that they refuse refuses the mail. An empty list is a mistake, answered 451:
  /// to forget a mail, say ``discard``.
  case redirect([Mailbox])
  /// A verdict for each recipient that is named, as `conversation.recipients` spells it; the others proceed.
  ///
  /// Under LMTP each recipient gets its own answer. SMTP has one answer for all, so there:
  /// - one that is deferred defers the mail for all of them: nothing is queued, and no second try doubles a copy;
  /// - when all are refused, so is the mail, in the words for the first;
  /// - when some are refused, the mail is queued for the others, and its 250 names those that get none:
  ///   `250 2.0.0 queued as 1, but not for <b@test.example>`. Few senders read that. Where it matters, refuse at RCPT.
  case recipients([Mailbox: StageVerdict])
  /// Say 250 and forget it.
  case discard
  case refuse(Refusal)
  case `defer`(Refusal)

  public var weight: VerdictWeight {
    switch self {
    case .proceed: .pass
    case .hold, .redirect, .recipients: .change
    case .discard, .refuse, .defer: .final
    }
  }
}

/// The verdict of `vrfy`, `expn`, `help`, `noop`, `rset` and `unknown`.
public enum CommandVerdict: Verdict {
  /// The engine's own answer.
  case proceed
  /// A positive answer with these lines.
  case answer([String])
  case refuse(Refusal)
  case `defer`(Refusal)

  public var weight: VerdictWeight {
    switch self {
    case .proceed: .pass
    case .answer: .change
    case .refuse, .defer: .final
    }
  }
}
