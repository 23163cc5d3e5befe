import MTACore

extension RecipientResult {
  /// What a server's refusal must come to, its status read off its text independently of the code under test.
  static func refused(_ outcome: DeliveryOutcome, _ message: String, isSurplus: Bool = false) -> Self {
    let reply = message.split(separator: " (in reply to ", maxSplits: 1).first.map(String.init)
    return RecipientResult(outcome, message, status: status(of: message, at: 1), reply: reply, isSurplus: isSurplus)
  }

  /// What our own trouble must come to: `4.4.2 connection lost …`.
  static func trouble(_ outcome: DeliveryOutcome, _ message: String) -> Self {
    RecipientResult(outcome, message, status: status(of: message, at: 0))
  }

  static func taken(_ reply: String, by dialect: ClientSession.Dialect = .smtp) -> Self {
    var result = RecipientResult(.delivered, reply, status: status(of: reply, at: 1), reply: reply)
    result.reach = dialect == .lmtp ? .mailbox : .relay(tellsSender: false)
    return result
  }

  private static func status(of text: String, at place: Int) -> EnhancedStatus {
    let words = text.split(separator: " ")
    guard words.indices.contains(place) else { return .other }
    let numbers = words[place].split(separator: ".").compactMap { UInt16($0) }
    return numbers.count == 3 ? EnhancedStatus(numbers[1], numbers[2]) : .other
  }
}
