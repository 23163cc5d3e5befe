/// MAIL and RCPT, and what comes of them.
extension ServerSession {
  mutating func mail(_ sender: ReversePath, _ parameters: MailParameters) -> Action {
    notes.sender = sender
    return run(SenderInquiry(sender, parameters))
  }

  mutating func run(_ inquiry: SenderInquiry, _ answer: Answer? = nil) -> Action {
    var inquiry = inquiry
    let step = inquiry.step(answer, configuration, &conversation)
    notes.take(&inquiry.verdicts)
    switch step {
    case .ask(let question): return ask(question, for: .sender(inquiry))
    case .refuse(let objection):
      let action = settle(objection)
      // What hooks wrote belongs to no mail.
      if objection.isByHook { resetTransaction() }
      return action
    case .done(let arrivals):
      senderArrivals = arrivals
      conversation.reversePath = inquiry.sender
      conversation.parameters = inquiry.parameters
      return settle(.senderOK)
    }
  }

  mutating func rcpt(_ path: ForwardPath, _ notification: RecipientNotification) -> Action {
    if case .mailbox(let mailbox) = path { notes.recipient = mailbox }
    // RFC 5321 §4.5.3.1.10: 452 for recipients over the limit; those accepted stand.
    guard hasRoom(for: 1) else { return settle(.tooManyRecipients) }
    guard room == .enough else { return settle(.tooMuchAtOnce) }
    return run(RecipientInquiry(path, notification))
  }

  mutating func run(_ inquiry: RecipientInquiry, _ answer: Answer? = nil) -> Action {
    var inquiry = inquiry
    let step = inquiry.step(answer, configuration, conversation)
    notes.take(&inquiry.verdicts)
    switch step {
    case .ask(let question): return ask(question, for: .recipient(inquiry))
    case .refuse(let objection):
      note(inquiry.dropped)
      return settle(objection)
    case .done(.recipient(let recipient)):
      forgive()
      let place = add(recipient)
      if configuration.speaksLMTP { recipientGroups.append([place]) }
      return settle(.recipientOK)
    case .done(.others(let arrivals)):
      note(inquiry.dropped)
      return accept(arrivals, inquiry.notification)
    }
  }

  /// The recipients that one RCPT forwards or is redirected to.
  private mutating func accept(
    _ arrivals: [ForwardingWalk.Arrival], _ notification: RecipientNotification
  ) -> Action {
    guard hasRoom(for: arrivals.count) else { return settle(.tooManyRecipients) }
    forgive()
    var places: [Int] = []
    for arrival in arrivals {
      var recipient = arrival.recipient
      recipient.notification = notification
      places.append(add(recipient, way: arrival.way))
    }
    if configuration.speaksLMTP { recipientGroups.append(places) }
    return settle(.recipientOK)
  }

  /// Whether so many recipients more may be accepted.
  private func hasRoom(for count: Int) -> Bool {
    count <= configuration.maximumRecipients - max(conversation.recipients.count, recipientGroups.count)
  }

  /// Takes the recipient into the envelope.
  ///
  /// - Parameter way: the mailboxes whose forwards led to it; empty when the client named it.
  /// - Returns: where it stands.
  private mutating func add(_ recipient: EnvelopeRecipient, way: [Mailbox] = []) -> Int {
    // The same recipient twice is delivered once (R8); a member's local part in any case is the same member's.
    let key = recipient.client == nil ? recipient.mailbox : recipient.mailbox.caseFolded
    if let place = recipientKeys[key] {
      join(place, recipient.notification, way: way)
      return place
    }
    let place = conversation.recipients.count
    recipientKeys[key] = place
    conversation.recipients.append(recipient)
    if !way.isEmpty { forwardWays[place] = [way] }
    return place
  }

  /// Ways to one recipient that are remembered; more of them change nothing but what is left when others loop.
  private static let maximumWays = 8

  /// A recipient was met once more, on another way.
  private mutating func join(_ place: Int, _ notification: RecipientNotification, way: [Mailbox]) {
    guard let ways = forwardWays[place] else { return }
    if way.isEmpty {
      // The client names it itself: that copy is forwarded for nobody.
      forwardWays[place] = nil
      conversation.recipients[place].forwardedFor = nil
      conversation.recipients[place].notification = notification
    } else if ways.count < Self.maximumWays, !ways.contains(way) {
      forwardWays[place]?.append(way)
    }
  }
}
