extension ServerSession {
  // MARK: MAIL

  mutating func mail(_ sender: ReversePath, _ parameters: MailParameters) -> Action {
    notes.sender = sender
    // RFC 1870 §6.1: the declared size is checked before anything else is looked at.
    let limit = configuration.maximumMessageBytes
    if let size = parameters.size, limit > 0, size > UInt64(limit) { return settle(.tooBig, isViolation: false) }
    let minimum = configuration.minimumDeliverBy.components.seconds
    // RFC 2852 §4: whoever wants the mail back in less time than the announced minimum is told at once.
    if let by = parameters.deliverBy, by.mode == .return, by.seconds < minimum {
      return settle(.deliverByTooSoon(minimum))
    }
    // RFC 4865 §4: a time beyond the announced maximum is answered as bad syntax is.
    switch parameters.hold {
    case .for(let seconds)? where seconds > configuration.maximumHold.components.seconds: return settle(.heldTooLong)
    case .until?: return ask(.time, for: .holdUntil(sender, parameters))
    default: return senderNamed(sender, parameters)
    }
  }

  mutating func holdJudged(_ sender: ReversePath, _ parameters: MailParameters, at now: Timestamp) -> Action {
    guard case .until(let instant)? = parameters.hold else { return impossible() }
    if instant > now + configuration.maximumHold { return settle(.heldTooLong) }
    if instant < now { return settle(.heldUntilPast) }
    return senderNamed(sender, parameters)
  }

  private mutating func senderNamed(_ sender: ReversePath, _ parameters: MailParameters) -> Action {
    guard case .mailbox(let mailbox) = sender else { return senderKnown(sender, parameters, nil) }
    return ask(.clientLookup(mailbox), for: .senderLookup(sender, parameters))
  }

  mutating func senderKnown(_ sender: ReversePath, _ parameters: MailParameters, _ client: ClientRecord?) -> Action {
    conversation.senderClient = client
    for rule in configuration.senderRules {
      if let reply = rule.refusal(of: sender, in: conversation) {
        conversation.senderClient = nil
        return settle(reply)
      }
    }
    return ask(.mailFrom(sender), for: .mailFrom(sender, parameters))
  }

  mutating func senderAccepted(_ sender: ReversePath, _ parameters: MailParameters) -> Action {
    guard let mailbox = sender.mailbox else { return senderSettled(sender, parameters, reportsTo: []) }
    guard let client = conversation.senderClient else {
      // RFC 5321 §4.5.1: reports to a postmaster of ours that nobody knows go where mail for them does, not out and back again.
      switch configuration.postmasterStanding(of: mailbox, at: conversation.connection.localAddress) {
      case .none: return senderSettled(sender, parameters, reportsTo: [])
      case .postmaster(let record):
        return senderSettled(sender, parameters, reportsTo: [EnvelopeRecipient(mailbox, client: record)])
      case .alias(let postmaster):
        return forward(mailbox, nil, to: [postmaster], keepingCopy: false, for: .sender(sender, parameters))
      }
    }
    guard !client.forwards.isEmpty else { return senderSettled(sender, parameters, reportsTo: []) }
    return forward(
      mailbox, client, to: client.forwards, keepingCopy: client.keepsCopy, for: .sender(sender, parameters))
  }

  mutating func senderSettled(
    _ sender: ReversePath, _ parameters: MailParameters, reportsTo arrivals: [EnvelopeRecipient]
  ) -> Action {
    senderArrivals = arrivals
    conversation.reversePath = sender
    conversation.parameters = parameters
    return settle(.senderOK)
  }

  // MARK: RCPT

  mutating func rcpt(_ path: ForwardPath, _ notification: RecipientNotification) -> Action {
    self.notification = notification
    if case .mailbox(let mailbox) = path { notes.recipient = mailbox }
    // RFC 5321 §4.5.3.1.10: 452 for recipients over the limit; those accepted stand.
    guard hasRoom(for: 1) else { return settle(.tooManyRecipients) }
    guard room == .enough else { return settle(.tooMuchAtOnce) }
    switch path {
    case .postmaster: return ask(.clientLookup(configuration.postmaster), for: .postmasterLookup)
    case .mailbox(let mailbox):
      if let rewriter = configuration.rewriter, rewriter.claims(mailbox) { return returned(to: mailbox) }
      return ask(.clientLookup(mailbox), for: .recipientLookup(mailbox))
    }
  }

  mutating func recipientKnown(_ mailbox: Mailbox, _ client: ClientRecord?) -> Action {
    // RFC 5321 §4.5.1. Other mailboxes at an address or at our own name are nobody's: no domain is named.
    if client == nil, configuration.isPostmaster(mailbox, at: conversation.connection.localAddress) {
      return ask(.clientLookup(configuration.postmaster), for: .postmasterLookup)
    }
    for rule in configuration.recipientRules {
      if let reply = rule.refusal(of: mailbox, client: client, in: conversation) { return settle(reply) }
    }
    if client == nil {
      switch configuration.wayAhead(to: mailbox) {
      case .ask(let domain): return ask(.route(domain), for: .route(mailbox, client))
      case .none: return settle(.noSuchDomain)
      case .sure: break
      }
    }
    return ask(.rcptTo(mailbox), for: .rcptTo(mailbox, client))
  }

  mutating func postmasterKnown(_ client: ClientRecord?) -> Action {
    let postmaster = configuration.postmaster
    return ask(.rcptTo(postmaster), for: .rcptTo(postmaster, client ?? .postmaster))
  }

  /// R16: a domain without any route is refused at once; when the DNS itself fails, the mail is taken and deferred.
  mutating func routeKnown(_ mailbox: Mailbox, _ client: ClientRecord?, _ route: MailRoute) -> Action {
    switch route {
    case .nullMX: settle(.nullMX)
    case .noSuchDomain: settle(.noSuchDomain)
    case .exchangers, .failure: ask(.rcptTo(mailbox), for: .rcptTo(mailbox, client))
    }
  }

  mutating func recipientJudged(_ mailbox: Mailbox, _ client: ClientRecord?, _ verdict: RecipientVerdict) -> Action {
    switch verdict {
    case .proceed: recipientAccepted(mailbox, client)
    case .forward(let targets, let keepsCopy): forward(mailbox, client, to: targets, keepingCopy: keepsCopy)
    case .redirect(let others): others.isEmpty ? settle(.noSuchUser) : redirect(Redirection(.recipient, others))
    // R3: a full mailbox is no fault of the client's.
    case .refuse(let refusal):
      settle(.refused(refusal), thenClose: refusal.thenClose, isViolation: refusal.status != .mailboxFull)
    case .defer(let refusal): settle(.deferred(refusal), thenClose: refusal.thenClose)
    }
  }

  mutating func recipientAccepted(_ mailbox: Mailbox, _ client: ClientRecord?) -> Action {
    if let client, !client.forwards.isEmpty {
      return forward(mailbox, client, to: client.forwards, keepingCopy: client.keepsCopy)
    }
    forgive()
    let place = add(EnvelopeRecipient(mailbox, client: client))
    if configuration.speaksLMTP { recipientGroups.append([place]) }
    return settle(.recipientOK)
  }

  /// Whether so many recipients more may be accepted.
  func hasRoom(for count: Int) -> Bool {
    count <= configuration.maximumRecipients - max(conversation.recipients.count, recipientGroups.count)
  }

  /// Takes the recipient into the envelope.
  ///
  /// - Parameter way: the mailboxes whose forwards led to it; empty when the client named it.
  /// - Returns: where it stands.
  mutating func add(_ recipient: EnvelopeRecipient, way: [Mailbox] = []) -> Int {
    // The same recipient twice is delivered once (R8); a member's local part in any case is the same member's.
    let key = recipient.client == nil ? recipient.mailbox : recipient.mailbox.caseFolded
    if let place = recipientKeys[key] {
      join(place, way: way)
      return place
    }
    let place = conversation.recipients.count
    recipientKeys[key] = place
    var recipient = recipient
    recipient.notification = notification
    conversation.recipients.append(recipient)
    if !way.isEmpty { forwardWays[place] = [way] }
    return place
  }
}
