/// What a sender asks of a mail's delivery, by parameters of MAIL. It is kept with the mail. A parameter is accepted only if both store
/// and runner declare to honour it (``DeliveryCapabilities``).
public struct DeliveryRequests: Hashable, Sendable, Codable {
  /// How much of the mail a report of failure returns (RFC 3461 §4.3).
  public enum Return: String, Hashable, Sendable, Codable {
    case full = "FULL"
    case headers = "HDRS"
  }

  /// What happens if a mail cannot be delivered in time (RFC 2852 §4).
  public struct DeliverBy: Hashable, Sendable, Codable {
    public enum Mode: String, Hashable, Sendable, Codable {
      /// Return it.
      case `return` = "R"
      /// Report it to the sender, and go on.
      case notify = "N"
    }

    /// The end of the time.
    public var deadline: Timestamp
    public var mode: Mode
    /// Report each relay as well.
    public var trace: Bool

    public init(deadline: Timestamp, mode: Mode, trace: Bool = false) {
      self.deadline = deadline
      self.mode = mode
      self.trace = trace
    }
  }

  public var `return`: Return?
  /// ENVID, decoded from xtext: at most 100 printable ASCII characters (RFC 3461 §4.4).
  public var envelopeID: String?
  /// Only over verified TLS on the further way (RFC 8689).
  public var requireTLS = false
  /// -9 to 9; 0 if not asked for (RFC 6710).
  public var priority = 0
  /// Deliver not before this time (RFC 4865).
  public var holdUntil: Timestamp?
  public var deliverBy: DeliverBy?

  public init() {}

  public var isEmpty: Bool { self == DeliveryRequests() }
}

/// Which reports a sender wants about one recipient, by parameters of RCPT (RFC 3461 §4.1, §4.2).
public struct RecipientNotification: Hashable, Sendable, Codable {
  /// NOTIFY. Nil if not given: failures, and delays as this system decides.
  public var notify: Notify?
  /// ORCPT as it came, with `rfc822;` and xtext. An address of the type `utf-8` has its ASCII form (RFC 6533 §3).
  public var originalRecipient: String?

  public init(notify: Notify? = nil, originalRecipient: String? = nil) {
    self.notify = notify
    self.originalRecipient = originalRecipient
  }

  public var isEmpty: Bool { notify == nil && originalRecipient == nil }

  /// The requests that hold if the sender is not vouched for. There is no report of mail that arrives, and none that can be avoided of
  /// mail that is late, by us or by next hops. This departs from RFC 3461 §5.2, by which NOTIFY goes on as it came.
  var askedByStranger: RecipientNotification {
    RecipientNotification(notify: notify?.intersection(.failure), originalRecipient: originalRecipient)
  }

  /// The ORCPT for this mailbox (RFC 3461 §4.2); nil if it cannot be written in one.
  package static func original(_ mailbox: Mailbox) -> String? {
    let text =
      // RFC 6533 §3 has another address type for international ones.
      if mailbox.isInternational { "utf-8;" + UTF8AddressText.encode(mailbox.description) } else {
        "rfc822;" + String(decoding: XText.encode(mailbox.description.utf8), as: UTF8.self)
      }
    return text.utf8.count <= 500 ? text : nil
  }

  public struct Notify: OptionSet, Hashable, Sendable, Codable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Empty: NEVER.
    public static let never: Notify = []
    public static let success = Notify(rawValue: 1)
    public static let failure = Notify(rawValue: 2)
    public static let delay = Notify(rawValue: 4)
  }
}

extension RecipientNotification.Notify: CustomStringConvertible, LosslessStringConvertible {
  /// As on the wire: `NEVER`, or `SUCCESS,FAILURE,DELAY` in part.
  public var description: String {
    if isEmpty { return "NEVER" }
    return Self.words.filter { contains($0.1) }.map { "\($0.0)" }.joined(separator: ",")
  }

  /// Upper case only; nil for texts that RFC 3461 §4.1 does not allow.
  public init?(_ text: String) {
    self = []
    if text.utf8.spells("NEVER") { return }
    for word in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let known = Self.words.first(where: { word.spells($0.0) }) else { return nil }
      insert(known.1)
    }
  }

  private static let words: [(StaticString, Self)] = [("SUCCESS", .success), ("FAILURE", .failure), ("DELAY", .delay)]
}

/// Requests of senders that a store keeps or a runner honours. EHLO announces an extension only if both do.
public struct DeliveryCapabilities: OptionSet, Hashable, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// RFC 3461.
  public static let dsn = DeliveryCapabilities(rawValue: 1)
  /// RFC 8689.
  public static let requireTLS = DeliveryCapabilities(rawValue: 2)
  /// RFC 4865.
  public static let futureRelease = DeliveryCapabilities(rawValue: 4)
  /// RFC 2852.
  public static let deliverBy = DeliveryCapabilities(rawValue: 8)
  /// RFC 6710.
  public static let priority = DeliveryCapabilities(rawValue: 16)
  /// RFC 3030.
  public static let binaryMIME = DeliveryCapabilities(rawValue: 32)
  /// RFC 6531.
  public static let smtpUTF8 = DeliveryCapabilities(rawValue: 64)
  public static let all: DeliveryCapabilities = [
    .dsn, .requireTLS, .futureRelease, .deliverBy, .priority, .binaryMIME, .smtpUTF8,
  ]
}
