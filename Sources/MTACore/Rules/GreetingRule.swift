/// A built-in check of what EHLO or HELO names (R4). Rules are small values: an adopter can drop, reorder or replace them.
public protocol GreetingRule: Sendable {
  /// Whether the rule has to know if the DNS has the domain. Asked for domain names only. Default: it has not.
  func asksDNS(about domain: Domain, in conversation: Conversation) -> Bool

  /// The refusal, or nil to let pass. `domain` is nil when the client gave none.
  ///
  /// `standing` is anything but `unasked` once this rule, or one before it, asked the DNS.
  func refusal(of domain: Domain?, standing: DomainStanding, in conversation: Conversation) -> Reply?
}

extension GreetingRule {
  public func asksDNS(about domain: Domain, in conversation: Conversation) -> Bool { false }
}

/// What the DNS has of a domain.
public enum DomainStanding: Hashable, Sendable {
  case unasked
  case exists
  case missing
  /// The DNS could not say.
  case unclear
}
