/// What is asked before RCPT is answered: who the recipient is, the rules, the route of a foreign domain, the hook, and where the
/// recipient forwards to, or the hook redirects it to.
struct RecipientInquiry: Hashable, Sendable {
  /// Who gets the mail.
  enum Finding: Hashable, Sendable {
    /// The recipient itself.
    case recipient(EnvelopeRecipient)
    /// Those that it forwards or is redirected to.
    case others([ForwardingWalk.Arrival])
  }

  private enum State: Hashable {
    case new, clock, restoration, lookup, postmaster, route, hook
    // Rare and large: boxed, so that they do not make every session larger.
    indirect case forwards(ForwardInquiry)
    indirect case redirect(RedirectInquiry)
    /// Last of all, for what is granted is counted. With what was found.
    indirect case allowance(Finding)
  }

  let notification: RecipientNotification
  /// As ``ForwardInquiry/dropped``.
  private(set) var dropped: [DroppedForward] = []
  /// Since it was last taken.
  var verdicts: RuleVerdicts?
  /// Nil for `<postmaster>`, until it is known who that is.
  private var mailbox: Mailbox?
  private var client: ClientRecord?
  private var state = State.new

  init(_ path: ForwardPath, _ notification: RecipientNotification = RecipientNotification()) {
    if case .mailbox(let mailbox) = path { self.mailbox = mailbox }
    self.notification = notification
  }

  mutating func step(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    if case .allowance(let finding) = state {
      guard case .allowance(let allowance)? = answer else { return .unexpected(answer) }
      let objection = Objection(allowance, of: .recipient, hasLogin: conversation.isAuthenticated)
      return objection.map { .refuse($0) } ?? .done(finding)
    }
    let step = find(answer, configuration, conversation)
    guard case .done(let finding) = step, configuration.allowances.asks(.recipient, in: conversation) else {
      return step
    }
    state = .allowance(finding)
    return .ask(.allowance(.recipient))
  }

  private mutating func find(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    switch (state, answer) {
    case (.new, nil): return begin(configuration, conversation)
    case (.clock, .time(let now)?): return restore(at: now, configuration, conversation)
    case (.restoration, .restored(let restoration)?): return judge(restoration, configuration, conversation)
    case (.lookup, .client(let client)?): return judge(client, configuration, conversation)
    case (.postmaster, .client(let client)?):
      mailbox = configuration.postmaster
      self.client = client ?? .postmaster
      return askHook()
    case (.route, .route(let route)?): return route.refusal.map { .refuse(Objection($0)) } ?? askHook()
    case (.hook, .recipient(let verdict)?): return obey(verdict, configuration, conversation)
    case (.forwards(let forwards), let answer?): return follow(forwards, answer, configuration, conversation)
    case (.redirect(let redirect), let answer?): return follow(redirect, answer, configuration, conversation)
    default: return .unexpected(answer)
    }
  }

  private mutating func begin(
    _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    guard let mailbox else { return lookUpPostmaster(configuration) }
    guard let rewriter = configuration.rewriter, rewriter.claims(mailbox) else {
      state = .lookup
      return .ask(.clientLookup(mailbox))
    }
    // A report comes back to a sender that was rewritten, or somebody says so.
    if configuration.returnsReportsOnly, conversation.reversePath != .null { return .refuse(Objection(.reportsOnly)) }
    state = .clock
    return .ask(.time)
  }

  private mutating func lookUpPostmaster(_ configuration: SessionConfiguration) -> InquiryStep<Finding> {
    state = .postmaster
    return .ask(.clientLookup(configuration.postmaster))
  }

  private mutating func restore(
    at now: Timestamp, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    guard let mailbox, let rewriter = configuration.rewriter else { return .refuse(.misfit) }
    if configuration.rewritesElsewhere {
      state = .restoration
      return .ask(.restore(mailbox, at: now))
    }
    return judge(rewriter.restore(mailbox, at: now), configuration, conversation)
  }

  private mutating func judge(
    _ restoration: Restoration, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    switch restoration {
    case .unknown: return .refuse(Objection(.unknownReturn))
    case .expired: return .refuse(Objection(.expiredReturn))
    // From here on as for any address of ours that forwards.
    case .original(let original):
      return judge(ClientRecord(delivery: .none, forwards: [original]), configuration, conversation)
    }
  }

  private mutating func judge(
    _ client: ClientRecord?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    guard let mailbox else { return .refuse(.misfit) }
    // RFC 5321 §4.5.1. Other mailboxes at an address or at our own name are nobody's: no domain is named.
    if client == nil, configuration.isPostmaster(mailbox, at: conversation.connection.localAddress) {
      return lookUpPostmaster(configuration)
    }
    for (place, rule) in configuration.recipientRules.enumerated() {
      if let reply = rule.refusal(of: mailbox, client: client, in: conversation) {
        verdicts = RuleVerdicts(stage: .recipient, passed: place, isRefused: true)
        return .refuse(Objection(reply))
      }
    }
    verdicts = RuleVerdicts(stage: .recipient, passed: configuration.recipientRules.count, isRefused: false)
    self.client = client
    if client == nil {
      switch configuration.wayAhead(to: mailbox) {
      case .ask(let domain):
        state = .route
        return .ask(.route(domain))
      case .none: return .refuse(Objection(.noSuchDomain))
      case .sure: break
      }
    }
    return askHook()
  }

  private mutating func askHook() -> InquiryStep<Finding> {
    guard let mailbox else { return .refuse(.misfit) }
    state = .hook
    return .ask(.rcptTo(mailbox))
  }

  private mutating func obey(
    _ verdict: RecipientVerdict, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    guard let mailbox else { return .refuse(.misfit) }
    switch verdict {
    case .proceed:
      guard let client, !client.forwards.isEmpty else {
        return .done(.recipient(EnvelopeRecipient(mailbox, client: client, notification: notification)))
      }
      let forwards = ForwardInquiry(from: mailbox, client, to: client.forwards, keepingCopy: client.keepsCopy)
      return follow(forwards, nil, configuration, conversation)
    case .forward(let targets, let keepsCopy):
      let forwards = ForwardInquiry(from: mailbox, client, to: targets, keepingCopy: keepsCopy)
      return follow(forwards, nil, configuration, conversation)
    case .redirect(let others):
      if others.isEmpty { return .refuse(Objection(.noSuchUser)) }
      return follow(RedirectInquiry(others), nil, configuration, conversation)
    case .refuse(let refusal):
      var objection = Objection.refused(refusal)
      // R3: a full mailbox is no fault of the client's.
      objection.isViolation = refusal.status != .mailboxFull
      return .refuse(objection)
    case .defer(let refusal): return .refuse(.deferred(refusal))
    }
  }

  private mutating func follow(
    _ forwards: ForwardInquiry, _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    var forwards = forwards
    let step = forwards.step(answer, configuration)
    if case .ask = step { state = .forwards(forwards) } else { dropped = forwards.dropped }
    if case .done(let arrivals) = step,
      let reply = configuration.refusalAhead(of: arrivals.map(\.recipient), in: conversation)
    {
      return .refuse(Objection(reply))
    }
    return step.map { .others($0) }
  }

  private mutating func follow(
    _ redirect: RedirectInquiry, _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    var redirect = redirect
    let step = redirect.step(answer, configuration, conversation)
    if case .ask = step { state = .redirect(redirect) } else { dropped = redirect.dropped }
    return step.map { .others($0) }
  }
}
