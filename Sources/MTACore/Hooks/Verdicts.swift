/// A refusal in an adopter's words. The engine writes it to the wire, and makes its text harmless there.
public struct Refusal: Hashable, Sendable {
  public var status: EnhancedStatus
  /// One line, without codes.
  public var text: String
  /// Whether the connection ends after the answer.
  public var thenClose: Bool

  public init(_ text: String, _ status: EnhancedStatus = .policy, thenClose: Bool = false) {
    self.text = text
    self.status = status
    self.thenClose = thenClose
  }
}

/// The weight of a verdict when policies are chained. A final one ends the chain; of milder ones the first stands.
public enum VerdictWeight: Int, Comparable, Sendable {
  case pass, change, final
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The cases that the verdicts of all stages share.
public protocol Verdict: Sendable, Hashable {
  var weight: VerdictWeight { get }
  /// A 5yz answer.
  static func refuse(_ refusal: Refusal) -> Self
  /// A 4yz answer: the client tries again later.
  static func `defer`(_ refusal: Refusal) -> Self
}

extension Verdict {
  /// ``refuse(_:)`` with these words: `.refuse("we do not trade with you")`, `.refuse("no such list", .noSuchMailbox)`. Default 5.7.1;
  /// the connection stays.
  public static func refuse(_ text: String, _ status: EnhancedStatus = .policy) -> Self {
    .refuse(Refusal(text, status))
  }

  /// ``defer(_:)`` with these words. Default 4.7.1; the connection stays.
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

/// The answer of `connect`.
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

/// The answer of a stage that can only let pass, refuse or defer: `ehlo`, `startTLS`, `mailFrom`, `data`, `endOfHeaders`.
public enum StageVerdict: Verdict {
  case proceed
  /// A 5yz answer.
  case refuse(Refusal)
  /// A 4yz answer.
  case `defer`(Refusal)

  public var weight: VerdictWeight { self == .proceed ? .pass : .final }
}

/// The answer of `rcptTo`.
public enum RecipientVerdict: Verdict {
  case proceed
  /// Deliver to these mailboxes in place of this one. Each is looked up, and the recipient rules apply as if the client had named it;
  /// the hook is not called again. If one is refused, the recipient is refused, and none is taken. An empty list means that there is no
  /// such user.
  case redirect([Mailbox])
  /// Forward to these mailboxes, and with `keepingCopy` deliver to this one as well. It replaces the record's
  /// ``ClientRecord/forwards``. No rule refuses these mailboxes, so never take them from a client.
  ///
  /// Each is looked up. One that does not exist, or whose domain takes no mail, is left out. If none remains, the recipient is refused.
  /// Copies for other servers have a Delivered-To that ends loops, and a rewritten sender if ``SessionConfiguration/rewriter`` is set.
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

/// The answer of `message`, when the whole mail has arrived.
public enum MessageVerdict: Verdict {
  /// Queue it for delivery.
  case proceed
  /// Queue it, but deliver it only after an operator releases it. The client gets 250 as for any mail. The reason is for the operator,
  /// and stays with the parcels as one printable line.
  case hold(String)
  /// Queue it for these mailboxes in place of all its recipients. Each is looked up, and the recipient rules apply as if the client had
  /// named it. If one is refused, the mail is refused. An empty list is a mistake, answered 451; to drop a mail, use ``discard``.
  case redirect([Mailbox])
  /// A verdict for each named recipient, as `conversation.recipients` spells it; the others proceed.
  ///
  /// Under LMTP each recipient gets its own answer. SMTP has one answer for all:
  /// - If one recipient is deferred, the mail is deferred for all. Nothing is queued, so a second try doubles no copy.
  /// - If all are refused, the mail is refused, with the words for the first.
  /// - If some are refused, the mail is queued for the others, and its 250 names the refused ones: `250 2.0.0 queued as 1, but not for
  ///   <b@test.example>`. Few senders read that. If it matters, refuse at RCPT.
  case recipients([Mailbox: StageVerdict])
  /// Answer 250 and drop it.
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

/// The answer of `vrfy`, `expn`, `help`, `noop`, `rset` and `unknown`.
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
