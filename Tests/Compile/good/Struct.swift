import MTACore

struct Hooks {
  var seen = 0
}

extension Hooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    seen += 1
    conversation.attributes["seen"] = .integer(Int64(seen))
    try conversation.addHeaderField("X-Seen", "\(seen)")
    return seen > 10
      ? .refuse("too many") : seen > 5 ? .forward([recipient], keepingCopy: true) : .redirect([recipient])
  }

  func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    guard let first = conversation.recipients.first?.mailbox else { return .hold("for nobody") }
    return .recipients([first: .defer("the box is full")])
  }
}
