/// What is asked between the end of the content and its commit: what inspection found, the hook, and about the mailboxes that the hook
/// sends the whole mail to.
struct MessageInquiry: Hashable, Sendable {
  enum Finding: Hashable, Sendable {
    /// Held back for that reason, if there is one.
    case keep(hold: String?)
    /// For these in place of its recipients.
    case redirect([ForwardingWalk.Arrival])
    /// Some may be refused.
    case recipients([Mailbox: StageVerdict])
    case discard
  }

  private enum State: Hashable {
    case new, inspection, hook
    // Rare and large: boxed, so that it does not make every session larger.
    indirect case redirect(RedirectInquiry)
  }

  /// When the content had come and was inspected.
  private(set) var receivedAt = Timestamp(milliseconds: 0)
  /// As ``ForwardInquiry/dropped``.
  private(set) var dropped: [DroppedForward] = []
  private var state = State.new

  /// - Parameter conversation: gets what inspection found, which the hook looks at.
  mutating func step(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: inout Conversation
  ) -> InquiryStep<Finding> {
    switch (state, answer) {
    case (.new, nil):
      state = .inspection
      return .ask(.inspection)
    case (.inspection, .inspection(let results, let now)?):
      conversation.authenticationResults = results
      receivedAt = now
      state = .hook
      return .ask(.message)
    case (.hook, .message(let verdict)?): return obey(verdict, configuration, conversation)
    case (.redirect(let redirect), let answer?): return follow(redirect, answer, configuration, conversation)
    default: return .unexpected(answer)
    }
  }

  private mutating func obey(
    _ verdict: MessageVerdict, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    switch verdict {
    case .proceed: return .done(.keep(hold: nil))
    case .hold(let reason): return .done(.keep(hold: reason))
    case .redirect(let mailboxes):
      // Nowhere is no place to send a mail to.
      if mailboxes.isEmpty { return .refuse(.hookFailed) }
      return follow(RedirectInquiry(mailboxes), nil, configuration, conversation)
    case .recipients(let verdicts): return .done(.recipients(verdicts))
    case .discard: return .done(.discard)
    case .refuse(let refusal): return .refuse(.refused(refusal))
    case .defer(let refusal): return .refuse(.deferred(refusal))
    }
  }

  private mutating func follow(
    _ redirect: RedirectInquiry, _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    var redirect = redirect
    let step = redirect.step(answer, configuration, conversation)
    if case .ask = step { state = .redirect(redirect) } else { dropped = redirect.dropped }
    return step.map { .redirect($0) }
  }
}
