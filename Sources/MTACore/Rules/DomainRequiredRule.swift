/// EHLO and HELO need a domain or an address literal (R4).
public struct DomainRequiredRule: GreetingRule, Hashable {
  public init() {}

  public func refusal(of domain: Domain?, standing: DomainStanding, in conversation: Conversation) -> Reply? {
    domain == nil ? .domainRequired : nil
  }
}
