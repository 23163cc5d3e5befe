public import MTACore
public import MTASystem

/// The events that a ``DeliveryObserver`` gets: a value for each kind.
public enum DeliveryEvent {
  /// The outcome of one attempt for one copy.
  public struct Outcome: Hashable, Sendable {
    public let at: Timestamp
    public let mail: MailID
    /// The connection that brought the mail; nil for mail that this system wrote.
    public let session: SessionID?
    public let parcel: ParcelID
    public let sender: ReversePath
    public let recipient: Mailbox
    /// The destination in words: a domain, `local`, `smarthost`, or a server.
    public let destination: String
    /// Why the copy goes there.
    package let way: Way
    public let outcome: DeliveryOutcome
    /// The server that answered, or the last one tried, with its address; nil where none was.
    public let host: String?
    /// Nil in clear, and where no server was asked.
    public let tls: ConnectionTLS?
    /// The TLS policy for the host, and where it comes from; nil where none was looked for.
    public let tlsPolicy: String?
    /// Subject and detail; ``outcome`` gives the class.
    public let status: EnhancedStatus
    /// The server's reply alone, in one printable line; nil when the trouble is ours or the network's.
    public let reply: String?
    /// The server's words or ours, in one printable line.
    public let message: String
    /// Attempts that count, this one among them if it does.
    public let attempts: Int
    /// The time since the mail was received.
    public let age: Duration
    /// The time of this attempt: connection, dialogue and content. Zero where nothing was tried.
    public let duration: Duration
    /// From when the runner took the copy until the attempt began.
    package let waited: Duration
    /// The part of ``duration`` until a server was ready for mail: the DNS, connections, TLS, EHLO. Zero on a connection that was open.
    package let connecting: Duration
    /// What was said, where dialogues are kept.
    package let dialogue: [String]
    /// When a deferred copy is due again.
    public let nextTry: Timestamp?
    /// A hook of the program decided it.
    public let isByHook: Bool

    /// Whether a copy failed because its time was over.
    public var isExpired: Bool { outcome == .failed && status == .expired }
  }

  /// What decided where a copy goes.
  package enum Way: String, Hashable, Sendable, CaseIterable {
    /// The mailbox is here.
    case local
    /// The DNS, for the recipient's domain.
    case dns
    /// The setting `routes`.
    case routes
    /// The setting `smarthost`.
    case smarthost
    /// A hook, or an operator.
    case order
    /// The copy is a record, and goes nowhere.
    case none
  }

  /// A report to a sender.
  public struct Reported: Hashable, Sendable {
    public let at: Timestamp
    /// The report's own id.
    public let report: MailID
    /// The mail that it tells of.
    public let mail: MailID
    public let recipients: [Mailbox]
    /// The outcome that it reports: ``MTACore/DeliveryOutcome/deferred`` in a report of delay.
    public let outcome: DeliveryOutcome
    /// The copies whose outcome it is the first to report.
    public let parcels: [ParcelID]
    /// When the report is due to leave.
    public let due: Timestamp
  }
}
