/// A built-in check of the name in EHLO or HELO (R4). Rules are small values: an adopter can drop, reorder or replace them.
public protocol GreetingRule: Sendable {
  /// Whether the rule must know if the DNS has the domain. Called for domain names only. Default: false.
  func asksDNS(about domain: Domain, in conversation: Conversation) -> Bool

  /// The refusal, or nil to let pass. `domain` is nil if the client gave none.
  ///
  /// `standing` is `unasked` unless this rule, or one before it, had the DNS asked.
  func refusal(of domain: Domain?, standing: DomainStanding, in conversation: Conversation) -> Reply?
}

extension GreetingRule {
  public func asksDNS(about domain: Domain, in conversation: Conversation) -> Bool { false }
}

/// What the DNS says about a domain.
public enum DomainStanding: Hashable, Sendable {
  case unasked
  case exists
  case missing
  /// The DNS did not answer.
  case unclear
}
