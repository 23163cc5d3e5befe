/// What becomes of forwarded copies when the content has come.
extension ServerSession {
  // MARK: Loops

  /// The mailboxes that forwarded the mail, as their Delivered-To fields say. Read once for all ways: a client may send many of both.
  var passedMailboxes: Set<Mailbox> {
    Set(conversation.header?.fields(named: "Delivered-To").compactMap { Mailbox($0.value)?.caseFolded } ?? [])
  }

  /// Takes out the recipients that the mail was forwarded to before (RFC 5321 §6.3 counts hops; this ends a loop at once).
  /// - Returns: whether none is left.
  mutating func endLoops() -> Bool {
    let passed = passedMailboxes
    guard !passed.isEmpty else { return false }
    for (place, ways) in forwardWays {
      let open = ways.filter { !$0.passes(passed) }
      if open.isEmpty {
        content.refused[place] = .forwardingLoop
      } else if open.count < ways.count {
        let recipient = conversation.recipients[place].mailbox
        conversation.recipients[place].forwardedFor = ForwardingWalk.Arrival.forwarder(to: recipient, on: open[0])
      }
    }
    return content.refused.count == conversation.recipients.count
  }

  // MARK: Rewritten senders

  /// Copies that are forwarded to other servers get a sender that may send from here. Our own may already, and reports have none.
  mutating func rewriteSender(thenCommit recipients: [EnvelopeRecipient], hold: String?) -> Action {
    guard let rewriter = configuration.rewriter, case .mailbox(let sender)? = conversation.reversePath,
      recipients.contains(where: \.isForwardedOn), !configuration.localDomains.contains(sender.domain),
      conversation.senderClient?.delivery != .local
    else { return commit(as: recipients, hold: hold) }
    if configuration.rewritesElsewhere {
      return ask(.rewrite(sender, at: content.receivedAt), for: .rewriting(recipients, hold: hold))
    }
    return senderRewritten(.rewritten(rewriter.rewrite(sender, at: content.receivedAt)), recipients, hold: hold)
  }

  mutating func senderRewritten(_ answer: Answer, _ recipients: [EnvelopeRecipient], hold: String?) -> Action {
    switch answer {
    case .rewritten(let rewritten?): return commit(as: recipients.map { $0.forwarded(as: rewritten) }, hold: hold)
    case .rewritten(nil): return commit(as: recipients, hold: hold)
    case .failed:
      refuseContent(.hookFailed, isJudged: false)
      return abandon()
    default: return impossible()
    }
  }
}

extension [Mailbox] {
  /// Whether a way leads over one of these, their local parts in lower case.
  func passes(_ passed: Set<Mailbox>) -> Bool { contains { passed.contains($0.caseFolded) } }
}

extension EnvelopeRecipient {
  /// Its copy leaves for another server in the name of a mailbox here.
  fileprivate var isForwardedOn: Bool { forwardedFor != nil && delivery == .remote }

  fileprivate func forwarded(as sender: Mailbox) -> EnvelopeRecipient {
    guard isForwardedOn else { return self }
    var copy = self
    copy.reversePath = .mailbox(sender)
    return copy
  }
}
