/// What is asked before MAIL is answered: the time where the mail is to be held until one, who the sender is, the rules, the hook, and
/// where a sender of ours forwards to, for reports will go there.
struct SenderInquiry: Hashable, Sendable {
  private enum State: Hashable {
    case new, clock, lookup, hook
    // Rare and large: boxed, so that it does not make every session larger.
    indirect case forwards(ForwardInquiry)
    /// Last of all, for what is granted is counted. With what was found.
    indirect case allowance([EnvelopeRecipient])
  }

  let sender: ReversePath
  let parameters: MailParameters
  /// Since it was last taken.
  var verdicts: RuleVerdicts?
  private var state = State.new

  init(_ sender: ReversePath, _ parameters: MailParameters) {
    self.sender = sender
    self.parameters = parameters
  }

  /// - Parameter conversation: gets its `senderClient`, which the rules and the hook look at.
  /// - Returns: in the end where reports go, if not to the sender itself.
  mutating func step(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: inout Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    if case .allowance(let arrivals) = state {
      guard case .allowance(let allowance)? = answer else { return .unexpected(answer) }
      let objection = Objection(allowance, of: .mail, hasLogin: conversation.isAuthenticated)
      return objection.map { .refuse($0) } ?? .done(arrivals)
    }
    let step = find(answer, configuration, &conversation)
    guard case .done(let arrivals) = step, configuration.allowances.asks(.mail, in: conversation) else { return step }
    state = .allowance(arrivals)
    return .ask(.allowance(.mail))
  }

  private mutating func find(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: inout Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    switch (state, answer) {
    case (.new, nil): return begin(configuration, &conversation)
    case (.clock, .time(let now)?):
      guard case .until(let instant)? = parameters.hold else { return .refuse(.misfit) }
      if instant > now + configuration.maximumHold { return .refuse(Objection(.heldTooLong)) }
      if instant < now { return .refuse(Objection(.heldUntilPast)) }
      return lookUp(configuration, &conversation)
    case (.lookup, .client(let client)?): return judge(client, configuration, &conversation)
    case (.hook, .stage(let verdict)?):
      if let objection = Objection(verdict) { return .refuse(objection) }
      return findReports(configuration, conversation)
    case (.forwards(let forwards), let answer?): return follow(forwards, answer, configuration, conversation)
    default: return .unexpected(answer)
    }
  }

  private mutating func begin(
    _ configuration: SessionConfiguration, _ conversation: inout Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    // RFC 1870 §6.1: the declared size is checked before anything else is looked at.
    let limit = configuration.maximumMessageBytes
    if let size = parameters.size, limit > 0, size > UInt64(limit) {
      return .refuse(Objection(.tooBig, isViolation: false))
    }
    let minimum = configuration.minimumDeliverBy.components.seconds
    // RFC 2852 §4: whoever wants the mail back in less time than the announced minimum is told at once.
    if let by = parameters.deliverBy, by.mode == .return, by.seconds < minimum {
      return .refuse(Objection(.deliverByTooSoon(minimum)))
    }
    // RFC 4865 §4: a time beyond the announced maximum is answered as bad syntax is.
    switch parameters.hold {
    case .for(let seconds)? where seconds > configuration.maximumHold.components.seconds:
      return .refuse(Objection(.heldTooLong))
    case .until?:
      state = .clock
      return .ask(.time)
    default: return lookUp(configuration, &conversation)
    }
  }

  private mutating func lookUp(
    _ configuration: SessionConfiguration, _ conversation: inout Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    guard case .mailbox(let mailbox) = sender else { return judge(nil, configuration, &conversation) }
    state = .lookup
    return .ask(.clientLookup(mailbox))
  }

  private mutating func judge(
    _ client: ClientRecord?, _ configuration: SessionConfiguration, _ conversation: inout Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    conversation.senderClient = client
    for (place, rule) in configuration.senderRules.enumerated() {
      if let reply = rule.refusal(of: sender, in: conversation) {
        verdicts = RuleVerdicts(stage: .sender, passed: place, isRefused: true)
        conversation.senderClient = nil
        return .refuse(Objection(reply))
      }
    }
    verdicts = RuleVerdicts(stage: .sender, passed: configuration.senderRules.count, isRefused: false)
    state = .hook
    return .ask(.mailFrom(sender))
  }

  private mutating func findReports(
    _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    guard let mailbox = sender.mailbox else { return .done([]) }
    let targets: [Mailbox]
    if let client = conversation.senderClient {
      targets = client.forwards
    } else {
      // RFC 5321 §4.5.1: reports to a postmaster of ours that nobody knows go where mail for them does, not out and back again.
      switch configuration.postmasterStanding(of: mailbox, at: conversation.connection.localAddress) {
      case .none: targets = []
      case .postmaster(let record): return .done([EnvelopeRecipient(mailbox, client: record)])
      case .alias(let postmaster): targets = [postmaster]
      }
    }
    guard !targets.isEmpty else { return .done([]) }
    let client = conversation.senderClient
    // What mail may never come of is not worth a question to the DNS: a report asks when there is one.
    let forwards = ForwardInquiry(
      from: mailbox, client, to: targets, keepingCopy: client?.keepsCopy ?? false, asksRoutes: false)
    return follow(forwards, nil, configuration, conversation)
  }

  private mutating func follow(
    _ forwards: ForwardInquiry, _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<[EnvelopeRecipient]> {
    var forwards = forwards
    switch forwards.step(answer, configuration) {
    case .ask(let question):
      state = .forwards(forwards)
      return .ask(question)
    case .done(let arrivals): return .done(arrivals.map(\.recipient))
    case .refuse(let objection) where objection.isByHook || objection == .misfit: return .refuse(objection)
    // Whoever can be told of nothing may send all the same: reports go to the sender's own mailbox, which of a postmaster that
    // nobody knows is the one that mail for postmaster goes to.
    case .refuse where conversation.senderClient == nil:
      return .done([EnvelopeRecipient(configuration.postmaster, client: .postmaster)])
    case .refuse: return .done([])
    }
  }
}
