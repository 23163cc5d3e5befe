/// On the standard port, the domain of EHLO and HELO must be in the DNS (R4). Address literals are not looked up. Text that is neither
/// a name nor a literal counts as missing from the DNS.
public struct DomainInDNSRule: GreetingRule, Hashable {
  public init() {}

  public func asksDNS(about domain: Domain, in conversation: Conversation) -> Bool {
    conversation.connection.role == .standard
  }

  public func refusal(of domain: Domain?, standing: DomainStanding, in conversation: Conversation) -> Reply? {
    guard let domain, conversation.connection.role == .standard else { return nil }
    // What cannot be a name is not looked for.
    if case .literal = domain { return nil }
    if domain.dnsName == nil { return .domainNotFound(domain) }
    return switch standing {
    case .unasked, .exists: nil
    case .missing: .domainNotFound(domain)
    case .unclear: .domainUnresolved(domain)
    }
  }
}
