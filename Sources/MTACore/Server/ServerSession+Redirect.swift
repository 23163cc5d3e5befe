extension ServerSession {
  /// The mailboxes that a hook named in place of a recipient, or of all recipients, on their way through what holds for
  /// those that a client names: a redirect grants no relaying that the client would not have had.
  struct Redirection: Hashable, Sendable {
    enum Subject: Hashable, Sendable { case recipient, message }

    let subject: Subject
    /// Not yet judged; the first is the one that is being asked about.
    var remaining: ArraySlice<Mailbox>
    var found: [EnvelopeRecipient] = []

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
      // RFC 5321 §4.5.1: postmaster exists at each local domain, known to the adopter or not.
      if mailbox == configuration.postmaster {
        client = ClientRecord(mailboxID: "postmaster")
      } else if configuration.localDomains.contains(mailbox.domain), mailbox.caseFolded.localPart == "postmaster" {
        var elsewhere = redirection
        elsewhere.remaining[elsewhere.remaining.startIndex] = configuration.postmaster
        return redirect(elsewhere)
      }
    }
    for rule in configuration.recipientRules {
      if let reply = rule.refusal(of: mailbox, client: client, in: conversation) {
        return redirectRefused(redirection, reply)
      }
    }
    if client == nil, let domain = configuration.routeQuestion(of: mailbox) {
      return ask(.route(domain), for: .redirectRoute(redirection))
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
    redirection.found.append(EnvelopeRecipient(mailbox, client: client))
    return redirect(redirection)
  }

  private mutating func redirected(_ redirection: Redirection) -> Action {
    switch redirection.subject {
    case .recipient:
      guard hasRoom(for: redirection.found.count) else { return settle(.tooManyRecipients) }
      forgive()
      var places: [Int] = []
      for recipient in redirection.found { places.append(add(recipient.mailbox, recipient.client)) }
      if configuration.speaksLMTP { recipientGroups.append(places) }
      return settle(.recipientOK)
    case .message:
      var seen: Set<Mailbox> = []
      return commit(
        redirection.found.filter { seen.insert($0.client == nil ? $0.mailbox : $0.mailbox.caseFolded).inserted })
    }
  }

  /// One target that may not be had is one copy that would be missing: then nothing is redirected.
  mutating func redirectRefused(_ redirection: Redirection, _ reply: Reply) -> Action {
    guard redirection.subject == .message else { return settle(reply) }
    content.refusal = reply
    return abandon()
  }
}
