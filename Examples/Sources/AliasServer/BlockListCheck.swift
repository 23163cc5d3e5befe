import MTA

/// A policy: turns away clients that a DNS block list names, before they are greeted. It knows nothing of users, so any
/// server can put it before its own hooks: `hooks.after(BlockListCheck(…))`.
struct BlockListCheck {
  let list: DNSName
  let dns: any DNSLookup
}

extension BlockListCheck: ReceiverPolicy {
  func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict {
    // A list that does not answer keeps nobody out.
    guard case .found(let entry) = await dns.isListed(conversation.connection.remoteAddress, in: list) else {
      return .proceed
    }
    return .refuse("your address is listed: \(entry.reason ?? "no reason given")")
  }
}
