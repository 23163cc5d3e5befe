/// Takes mail for foreign domains only from clients that may relay (R12): sessions that have logged in, and hosts of `trustedNetworks`
/// at the internal port. A sender address alone never allows relaying.
public struct NoRelayingRule: RecipientRule, Hashable {
  /// Domains of which `clientLookup` knows every mailbox. Other mailboxes there do not exist.
  public var localDomains: Set<Domain>

  public init(localDomains: Set<Domain>) { self.localDomains = localDomains }

  public func refusal(of recipient: Mailbox, client: ClientRecord?, in conversation: Conversation) -> Reply? {
    if client != nil { return nil }
    if localDomains.contains(recipient.domain) { return .noSuchUser }
    return conversation.isAuthenticated || conversation.connection.isTrusted ? nil : .noRelaying
  }
}
