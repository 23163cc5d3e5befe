import MTA

/// A policy that refuses clients on a DNS block list, before they are greeted. It needs no users, so any server can chain it before its
/// own hooks: `hooks.after(BlockListCheck(…))`.
struct BlockListCheck {
  let list: DNSName
  let dns: any DNSLookup
}

extension BlockListCheck: ReceiverPolicy {
  func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict {
    // If the list does not answer, the client is let in.
    guard case .found(let entry) = await dns.isListed(conversation.connection.remoteAddress, in: list) else {
      return .proceed
    }
    return .refuse("your address is listed: \(entry.reason ?? "no reason given")")
  }
}
