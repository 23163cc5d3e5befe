public import MTACore
public import MTASystem

/// The events that a ``ReceiverObserver`` gets: a value for each kind.
public enum ReceiverEvent {
  /// A session at the time of an event.
  public struct Session: Hashable, Sendable {
    /// Counted from the start of the process.
    public let number: UInt64
    /// Differs over restarts and between processes: the `session` of log lines, and of ``MTACore/Envelope/session``.
    public let id: SessionID
    /// Addresses, ports, and the role of the listener.
    public let connection: ConnectionFacts
    /// What EHLO, HELO or LHLO named.
    public let clientName: Domain?
    /// Nil while the session is in clear.
    public let tls: ConnectionTLS?
    /// The account that logged in, as the client named it; nil for strangers.
    public let login: String?
    /// The SASL mechanism that it came by.
    public let mechanism: String?
  }

  public struct Opened: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
  }

  public struct TurnedAway: Hashable, Sendable {
    public let at: Timestamp
    public let client: IPAddress
    /// The port that it came to.
    public let localPort: UInt16
  }

  public struct Secured: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
  }

  public struct LoggedIn: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
  }

  public struct LoginRefused: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    /// The account that the client named; nil if it named none.
    public let account: LoginAccount?
  }

  public struct LockedOut: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    public let until: Timestamp
  }

  public struct Accepted: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    public let mail: MailID
    public let sender: ReversePath
    /// Recipients with a copy, targets of forwards among them.
    public let recipients: Int
    package let recipientList: [EnvelopeRecipient]
    /// Octets of the content as it came.
    public let bytes: Int
    /// From DATA, or the first BDAT, to stable storage.
    public let duration: Duration
    /// The part of ``duration`` that the store took to make the mail durable.
    public let commit: Duration
    /// The login of the session, if it is a mailbox.
    public let authenticatedAs: Mailbox?
    /// The reason of a hook that held the mail; nil for mail that is delivered at once.
    public let hold: String?
    /// Nil where no events are kept.
    package let checks: CheckTrace?
  }

  public struct Discarded: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    public let mail: MailID?
    public let sender: ReversePath?
    /// Recipients that had been accepted.
    public let recipients: Int
    /// Nil where no events are kept.
    package let checks: CheckTrace?
  }

  public struct Refused: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    public let stage: Stage
    /// With code, enhanced status and words.
    public let reply: Reply
    public let source: Source
    /// Of content that is refused.
    public let mail: MailID?
    /// The sender that the client named, if it named one.
    public let sender: ReversePath?
    /// The recipient, where one is refused.
    public let recipient: Mailbox?
    /// Nil where no events are kept.
    package let checks: CheckTrace?
  }

  public struct NotStored: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    public let mail: MailID?
    public let failure: StoreFailure
  }

  public struct HookFailed: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    /// The name of its method.
    public let hook: String
    /// It exceeded its budget and was cancelled. Otherwise it threw.
    public let wasLate: Bool
    /// What it threw, in words.
    public let error: String
    package let denial: HookDenial?
    public let mail: MailID?
  }

  public struct Closed: Hashable, Sendable {
    public let at: Timestamp
    public let session: Session
    public let duration: Duration
    /// Answers that we gave, the greeting among them.
    public let replies: Int
    /// Mails that were accepted.
    public let mails: Int
    /// Answers of 4yz and 5yz, refused logins not among them.
    public let refusals: Int
    /// Octets from the client, without TLS.
    public let bytesReceived: Int
    /// Octets to the client, without TLS.
    public let bytesSent: Int
  }
}

extension ReceiverEvent {
  /// Where in a session an answer was given.
  public struct Stage: Hashable, Sendable, CustomStringConvertible {
    /// The verb as it is said on the wire, or one of ``connect``, ``command`` and ``content``.
    public let description: String

    /// At the door: before EHLO.
    public static let connect = Self("connect")
    /// A line that is no command.
    public static let command = Self("command")
    /// What a message is.
    public static let content = Self("content")
    public static let mail = Self("MAIL")
    public static let recipient = Self("RCPT")

    init(_ description: String) { self.description = description }
  }

  /// What refused.
  public struct Source: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: Hashable {
      case server, store, lockout, time
      case hook(HookName)
    }

    private let kind: Kind

    /// The server itself: syntax, order, limits, rules, what the DNS says, and what `clientLookup` knows.
    public static let server = Self(kind: .server)
    /// The store could not take the mail.
    public static let store = Self(kind: .store)
    /// The client's address is locked out.
    public static let lockout = Self(kind: .lockout)
    /// The client was silent for too long.
    public static let time = Self(kind: .time)
    /// A hook: its verdict, or its failure.
    public static func hook(_ name: HookName) -> Self { Self(kind: .hook(name)) }

    /// The hook, if it was one.
    public var hook: HookName? { if case .hook(let name) = kind { name } else { nil } }

    /// `server`, `store`, `lockout`, `time`, or `hook rcptTo`.
    public var description: String { if case .hook(let name) = kind { "hook \(name)" } else { "\(kind)" } }
  }
}
