/// What an attempt came to for one recipient.
public struct RecipientResult: Hashable, Sendable {
  /// How far a delivered copy got, and who tells the sender if they asked to be told (RFC 3461 §6.2).
  public enum Reach: Hashable, Sendable {
    /// Into the mailbox, or to what stands for it.
    case mailbox
    /// To another server. `tellsSender`: it took over the sender's wishes to be told (it offers DSN). `keepsTime`: and the time
    /// that they set (it offers DELIVERBY).
    case relay(tellsSender: Bool, keepsTime: Bool = false)
  }

  public var outcome: DeliveryOutcome
  /// The server's words or ours, in one printable line.
  public var message: String
  /// Subject and detail of the enhanced status: for reports (RFC 3464 §2.3.4). The outcome gives the class.
  public var status: EnhancedStatus
  /// The server's reply alone, in one printable line; nil when the trouble is ours or the network's (RFC 3464 §2.3.6).
  public var reply: String?
  /// Of delivered copies.
  public var reach = Reach.mailbox
  /// Deferred only because the transaction was full (RFC 5321 §4.5.3.1.10): the next one may take this recipient.
  public var isSurplus: Bool
  /// Nothing was said, for the connection broke off before all of the content was out: the server cannot have taken the mail.
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
