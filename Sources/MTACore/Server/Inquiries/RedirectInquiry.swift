/// Follows the mailboxes that a hook named in place of a recipient, or of all recipients, through what holds for those that a client
/// names: look-up, recipient rules, route. A redirect grants no relaying that the client would not have had.
struct RedirectInquiry: Hashable, Sendable {
  private enum State: Hashable {
    case new, lookup, route
    // Rare and large: boxed, so that it does not make every session larger.
    indirect case forwards(ForwardInquiry)
  }

  /// As ``ForwardInquiry/dropped``.
  private(set) var dropped: [DroppedForward] = []
  /// Not yet judged; the first is the one that is being asked about.
  private var remaining: ArraySlice<Mailbox>
  private var found: [ForwardingWalk.Arrival] = []
  private var state = State.new

  init(_ mailboxes: [Mailbox]) { remaining = mailboxes[...] }

  /// - Returns: in the end where the mail ends up. One target that may not be had is one copy that would be missing: then nothing is
  ///   redirected.
  mutating func step(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<[ForwardingWalk.Arrival]> {
    switch (state, answer) {
    case (.new, nil): return lookUp()
    case (.lookup, .client(let client)?): return judge(client, configuration, conversation)
    case (.route, .route(let route)?):
      if let reply = route.refusal { return .refuse(Objection(reply)) }
      return take(nil, configuration)
    case (.forwards(let forwards), let answer?): return follow(forwards, answer, configuration)
    default: return .unexpected(answer)
    }
  }

  private mutating func lookUp() -> InquiryStep<[ForwardingWalk.Arrival]> {
    guard let next = remaining.first else { return .done(found) }
    state = .lookup
    return .ask(.clientLookup(next))
  }

  private mutating func judge(
    _ client: ClientRecord?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<[ForwardingWalk.Arrival]> {
    guard let mailbox = remaining.first else { return .refuse(.misfit) }
    var client = client
    if client == nil {
      switch configuration.postmasterStanding(of: mailbox) {
      case .none: break
      case .postmaster(let record): client = record
      case .alias(let postmaster):
        remaining[remaining.startIndex] = postmaster
        return lookUp()
      }
    }
    for rule in configuration.recipientRules {
      if let reply = rule.refusal(of: mailbox, client: client, in: conversation) { return .refuse(Objection(reply)) }
    }
    if client == nil {
      switch configuration.wayAhead(to: mailbox) {
      case .ask(let domain):
        state = .route
        return .ask(.route(domain))
      case .none: return .refuse(Objection(.noSuchDomain))
      case .sure: break
      }
    }
    return take(client, configuration)
  }

  private mutating func take(
    _ client: ClientRecord?, _ configuration: SessionConfiguration
  ) -> InquiryStep<[ForwardingWalk.Arrival]> {
    guard let mailbox = remaining.popFirst() else { return .refuse(.misfit) }
    if let client, !client.forwards.isEmpty {
      return follow(
        ForwardInquiry(from: mailbox, client, to: client.forwards, keepingCopy: client.keepsCopy), nil, configuration)
    }
    found.append(ForwardingWalk.Arrival(EnvelopeRecipient(mailbox, client: client)))
    return lookUp()
  }

  private mutating func follow(
    _ forwards: ForwardInquiry, _ answer: Answer?, _ configuration: SessionConfiguration
  ) -> InquiryStep<[ForwardingWalk.Arrival]> {
    var forwards = forwards
    let step = forwards.step(answer, configuration)
    if case .ask = step {
      state = .forwards(forwards)
      return step
    }
    dropped += forwards.dropped
    guard case .done(let arrivals) = step else { return step }
    found += arrivals
    return lookUp()
  }
}
