extension ServerSession {
  /// The mailboxes that a hook named in place of a recipient, or of all recipients, on their way through what holds for
  /// those that a client names: a redirect grants no relaying that the client would not have had.
  struct Redirection: Hashable, Sendable {
    enum Subject: Hashable, Sendable { case recipient, message }

    let subject: Subject
    /// Not yet judged; the first is the one that is being asked about.
    var remaining: ArraySlice<Mailbox>
    var found: [ForwardingWalk.Arrival] = []

    init(_ subject: Subject, _ mailboxes: [Mailbox]) {
      self.subject = subject
      remaining = mailboxes[...]
    }
  }

  mutating func redirect(_ redirection: Redirection) -> Action {
    guard let next = redirection.remaining.first else { return redirected(redirection) }
    return ask(.clientLookup(next), for: .redirectLookup(redirection))
  }

  mutating func redirectKnown(_ redirection: Redirection, _ client: ClientRecord?) -> Action {
    guard let mailbox = redirection.remaining.first else { return impossible() }
    var client = client
    if client == nil {
      switch configuration.postmasterStanding(of: mailbox) {
      case .none: break
      case .postmaster(let record): client = record
      case .alias(let postmaster):
        var elsewhere = redirection
        elsewhere.remaining[elsewhere.remaining.startIndex] = postmaster
        return redirect(elsewhere)
      }
    }
    for rule in configuration.recipientRules {
      if let reply = rule.refusal(of: mailbox, client: client, in: conversation) {
        return redirectRefused(redirection, reply)
      }
    }
    if client == nil {
      switch configuration.wayAhead(to: mailbox) {
      case .ask(let domain): return ask(.route(domain), for: .redirectRoute(redirection))
      case .none: return redirectRefused(redirection, .noSuchDomain)
      case .sure: break
      }
    }
    return redirectTargetTaken(redirection, client)
  }

  mutating func redirectRouteKnown(_ redirection: Redirection, _ route: MailRoute) -> Action {
    switch route {
    case .nullMX: redirectRefused(redirection, .nullMX)
    case .noSuchDomain: redirectRefused(redirection, .noSuchDomain)
    case .exchangers, .failure: redirectTargetTaken(redirection, nil)
    }
  }

  private mutating func redirectTargetTaken(_ redirection: Redirection, _ client: ClientRecord?) -> Action {
    var redirection = redirection
    guard let mailbox = redirection.remaining.popFirst() else { return impossible() }
    if let client, !client.forwards.isEmpty {
      return forward(
        mailbox, client, to: client.forwards, keepingCopy: client.keepsCopy, for: .redirection(redirection))
    }
    redirection.found.append(ForwardingWalk.Arrival(EnvelopeRecipient(mailbox, client: client)))
    return redirect(redirection)
  }

  private mutating func redirected(_ redirection: Redirection) -> Action {
    switch redirection.subject {
    case .recipient:
      return accept(redirection.found)
    case .message:
      let passed = passedMailboxes
      let open = redirection.found.filter { !$0.way.passes(passed) }
      if open.isEmpty { return redirectRefused(redirection, .forwardingLoop) }
      var seen: Set<Mailbox> = []
      var recipients = open.map(\.recipient).filter {
        seen.insert($0.client == nil ? $0.mailbox : $0.mailbox.caseFolded).inserted
      }
      let notify = Self.notifyInPlace(of: remaining)
      for index in recipients.indices { recipients[index].notification.notify = notify }
      return commit(recipients)
    }
  }

  /// What the sender is told of those who stand in for all recipients: whatever they asked to be told of any (RFC 3461 §4.1). Where a
  /// recipient came without NOTIFY, what goes without saying.
  private static func notifyInPlace(of recipients: [EnvelopeRecipient]) -> RecipientNotification.Notify? {
    var all = RecipientNotification.Notify.never
    for recipient in recipients {
      guard let notify = recipient.notification.notify else { return nil }
      all.formUnion(notify)
    }
    return recipients.isEmpty ? nil : all
  }

  /// One target that may not be had is one copy that would be missing: then nothing is redirected.
  mutating func redirectRefused(_ redirection: Redirection, _ reply: Reply) -> Action {
    guard redirection.subject == .message else { return settle(reply) }
    content.refusal = reply
    return abandon()
  }
}
