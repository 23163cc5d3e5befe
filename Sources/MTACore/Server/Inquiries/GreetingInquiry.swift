/// What is asked before EHLO, HELO or LHLO is answered: the rules, the DNS where one of them has to know, the hook, and the time where
/// the answer names one.
struct GreetingInquiry: Hashable, Sendable {
  private enum State: Hashable { case new, dns, hook, clock }

  let domain: Domain?
  /// The client said EHLO or LHLO.
  let isExtended: Bool
  /// Since it was last taken.
  var verdicts: RuleVerdicts?
  private var state = State.new

  init(_ domain: Domain?, isExtended: Bool) {
    self.domain = domain
    self.isExtended = isExtended
  }

  /// - Returns: in the end the time, if the answer needs it.
  mutating func step(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Timestamp?> {
    switch (state, answer) {
    case (.new, nil): return judge(.unasked, configuration, conversation)
    case (.dns, .domainExists(let exists)?):
      return judge(exists.map { $0 ? .exists : .missing } ?? .unclear, configuration, conversation)
    case (.hook, .stage(let verdict)?):
      if let objection = Objection(verdict) { return .refuse(objection) }
      // RFC 4865 §3: EHLO names the latest time that a mail may be held until.
      let capabilities = configuration.capabilities(in: conversation, isExtended: isExtended)
      guard capabilities.contains(.futureRelease) else { return .done(nil) }
      state = .clock
      return .ask(.time)
    case (.clock, .time(let now)?): return .done(now)
    default: return .unexpected(answer)
    }
  }

  private mutating func judge(
    _ standing: DomainStanding, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Timestamp?> {
    for (place, rule) in configuration.greetingRules.enumerated() {
      if standing == .unasked, let domain, let name = domain.dnsName, rule.asksDNS(about: domain, in: conversation) {
        state = .dns
        return .ask(.domainExists(name))
      }
      if let reply = rule.refusal(of: domain, standing: standing, in: conversation) {
        verdicts = RuleVerdicts(stage: .greeting, passed: place, isRefused: true)
        return .refuse(Objection(reply))
      }
    }
    verdicts = RuleVerdicts(stage: .greeting, passed: configuration.greetingRules.count, isRefused: false)
    state = .hook
    return .ask(.ehlo(domain))
  }
}
