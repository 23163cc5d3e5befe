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
  func rewritingSender(_ recipients: [EnvelopeRecipient], _ reversePath: ReversePath) -> [EnvelopeRecipient] {
    guard let rewriter = configuration.rewriter, case .mailbox(let sender) = reversePath,
      recipients.contains(where: { $0.forwardedFor != nil && $0.delivery == .remote }),
      !configuration.localDomains.contains(sender.domain), conversation.senderClient?.delivery != .local,
      let rewritten = rewriter.rewrite(sender, at: content.receivedAt)
    else { return recipients }
    return recipients.map { recipient in
      guard recipient.forwardedFor != nil, recipient.delivery == .remote else { return recipient }
      var recipient = recipient
      recipient.reversePath = .mailbox(rewritten)
      return recipient
    }
  }
}

extension [Mailbox] {
  /// Whether a way leads over one of these, their local parts in lower case.
  func passes(_ passed: Set<Mailbox>) -> Bool { contains { passed.contains($0.caseFolded) } }
}
