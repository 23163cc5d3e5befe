/// Takes mail for strangers only from those who may send it (R12): sessions that authenticated, and hosts of
/// `trustedNetworks` at the internal port. A sender address alone never grants anything.
public struct NoRelayingRule: RecipientRule, Hashable {
  /// Domains whose every mailbox is known to `clientLookup`: others in them do not exist.
  public var localDomains: Set<Domain>

  public init(localDomains: Set<Domain>) { self.localDomains = localDomains }

  public func refusal(of recipient: Mailbox, client: ClientRecord?, in conversation: Conversation) -> Reply? {
    if client != nil { return nil }
    if localDomains.contains(recipient.domain) { return .noSuchUser }
    return conversation.isAuthenticated || conversation.connection.isTrusted ? nil : .noRelaying
  }
}
