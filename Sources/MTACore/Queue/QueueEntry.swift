/// One copy in the queue, for an operator: what the store has of it, readable or not.
public struct QueueEntry: Hashable, Sendable {
  public var parcel: ParcelID
  /// The mail's id.
  public var mail: String
  /// The sender of the copy; `<>` for the null sender.
  public var sender: String
  public var recipient: String
  public var state: ParcelState
  /// Held until an operator releases it.
  public var isHeld: Bool
  /// The number of attempts so far.
  public var attempts: Int
  /// Nil while it is held or being delivered.
  public var nextTry: Timestamp?
  /// The last message about it, a server's or ours.
  public var message: String?

  public init(
    parcel: ParcelID, mail: String, sender: String, recipient: String, state: ParcelState, isHeld: Bool = false,
    attempts: Int = 0, nextTry: Timestamp? = nil, message: String? = nil
  ) {
    self.parcel = parcel
    self.mail = mail
    self.sender = sender
    self.recipient = recipient
    self.state = state
    self.isHeld = isHeld
    self.attempts = attempts
    self.nextTry = nextTry
    self.message = message
  }
}

extension QueueEntry: CustomStringConvertible {
  /// One line: mail, sender, recipient, state (`waiting`, `working` or `held`), attempts, next try, last message. Tabs stand between
  /// them, and `-` for a missing one. Control characters are escaped.
  public var description: String {
    let fields = [
      mail, sender, recipient, isHeld ? "held" : state.rawValue, "\(attempts)", nextTry?.description ?? "-",
      message ?? "-",
    ]
    var line = ""
    for (index, field) in fields.enumerated() {
      if index > 0 { line += "\t" }
      line.append(escaping: field)
    }
    return line
  }
}
