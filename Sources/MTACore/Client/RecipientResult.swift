/// The result of an attempt for one recipient.
public struct RecipientResult: Hashable, Sendable {
  /// How far a delivered copy got, and which server reports to a sender that asked for it (RFC 3461 §6.2).
  public enum Reach: Hashable, Sendable {
    /// Into the mailbox, or what takes its place.
    case mailbox
    /// To another server. `tellsSender`: the server offers DSN, and takes over the sender's wishes for reports. `keepsTime`: it offers
    /// DELIVERBY, and takes over the time that the sender set.
    case relay(tellsSender: Bool, keepsTime: Bool = false)
  }

  public var outcome: DeliveryOutcome
  /// The server's words or ours, in one printable line.
  public var message: String
  /// Subject and detail of the enhanced status, for reports (RFC 3464 §2.3.4). The outcome determines the class.
  public var status: EnhancedStatus
  /// The server's reply alone, in one printable line. Nil if the trouble is ours or the network's (RFC 3464 §2.3.6).
  public var reply: String?
  /// How far a delivered copy got.
  public var reach = Reach.mailbox
  /// Deferred only because the transaction was full (RFC 5321 §4.5.3.1.10). The next transaction may take this recipient.
  public var isSurplus: Bool
  /// The connection broke off before all of the content was sent, without an answer. So the server cannot have taken the mail.
  public var isCutOff = false

  public init(
    _ outcome: DeliveryOutcome, _ message: String, status: EnhancedStatus = .other, reply: String? = nil,
    isSurplus: Bool = false
  ) {
    self.outcome = outcome
    self.message = message
    self.status = status
    self.reply = reply
    self.isSurplus = isSurplus
  }
}
