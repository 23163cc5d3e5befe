/// The parameters of MAIL.
public struct MailParameters: Hashable, Sendable {
  /// When the mail may be delivered at the earliest (RFC 4865 §5).
  public enum Hold: Hashable, Sendable {
    case `for`(seconds: Int64)
    case until(Timestamp)
  }

  /// The size of the mail as the client says it, in bytes (RFC 1870).
  public var size: UInt64?
  public var body: BodyType?
  public var smtpUTF8 = false
  public var `return`: DeliveryRequests.Return?
  public var envelopeID: String?
  public var requireTLS = false
  public var priority: Int?
  public var hold: Hold?
  /// The seconds from now, and what happens after them (RFC 2852 §4).
  public var deliverBy: (seconds: Int64, mode: DeliveryRequests.DeliverBy.Mode, trace: Bool)? {
    get { by.map { ($0.seconds, $0.mode, $0.trace) } }
    set { by = newValue.map { By(seconds: $0.seconds, mode: $0.mode, trace: $0.trace) } }
  }
  private var by: By?

  private struct By: Hashable, Sendable {
    var seconds: Int64
    var mode: DeliveryRequests.DeliverBy.Mode
    var trace: Bool
  }

  public init(size: UInt64? = nil, body: BodyType? = nil, smtpUTF8: Bool = false) {
    self.size = size
    self.body = body
    self.smtpUTF8 = smtpUTF8
  }

  /// What is to be kept with a mail that was received at an instant.
  ///
  /// - Parameter isVouchedFor: whether it is known that the sender asks for it: ``Conversation/isSenderVouchedFor``.
  func requests(receivedAt now: Timestamp, isVouchedFor: Bool) -> DeliveryRequests {
    var requests = DeliveryRequests()
    // Whoever forges a sender does not have whole mails sent there, by us or by those we relay to.
    requests.return = isVouchedFor || self.return == nil ? self.return : .headers
    requests.envelopeID = envelopeID
    requests.requireTLS = requireTLS
    // RFC 6710 §5: only those we trust may push ahead; anybody may stand back.
    requests.priority = isVouchedFor ? priority ?? 0 : min(priority ?? 0, 0)
    switch hold {
    case .for(let seconds): requests.holdUntil = now + .seconds(seconds)
    case .until(let instant): requests.holdUntil = instant
    case nil: break
    }
    requests.deliverBy = by.map { .init(deadline: now + .seconds($0.seconds), mode: $0.mode, trace: $0.trace) }
    return requests
  }
}
