/// One copy that waits in the queue, as an operator looks at it: what the store has of it, readable or not.
public struct QueueEntry: Hashable, Sendable {
  public var parcel: ParcelID
  /// The mail's id.
  public var mail: String
  /// The address that the copy leaves under; `<>` for nobody.
  public var sender: String
  public var recipient: String
  public var state: ParcelState
  /// Set aside until somebody releases it.
  public var isHeld: Bool
  /// Attempts made so far.
  public var attempts: Int
  /// Nil while it is held or being tried.
  public var nextTry: Timestamp?
  /// What was last said about it: a server's words, or ours.
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
  /// One line: mail, sender, recipient, state (`waiting`, `working` or `held`), attempts, next try, last message, with tabs between
  /// them and `-` for what there is not. Control characters are written as escapes.
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
