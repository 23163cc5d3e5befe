/// A target of a forward that gets no copy.
package struct DroppedForward: Hashable, Sendable {
  package let forwarder: Mailbox
  package let target: Mailbox
  package let reply: Reply
}

/// Where a recipient's mail really goes: decided when the recipient is named, so that what is kept needs no hook to be delivered.
extension ServerSession {
  struct Forwarding: Hashable, Sendable {
    /// What the client or the hook named.
    let named: Mailbox
    var walk: ForwardingWalk
    let purpose: Purpose

    /// What goes on when the walk is over.
    enum Purpose: Hashable, Sendable {
      /// The client's own recipient forwards.
      case recipient
      case redirection(Redirection)
      /// The sender forwards: reports will have to go there.
      case sender(ReversePath, MailParameters)
    }
  }

  mutating func forward(
    _ mailbox: Mailbox, _ client: ClientRecord?, to targets: [Mailbox], keepingCopy: Bool,
    for purpose: Forwarding.Purpose = .recipient
  ) -> Action {
    let walk = ForwardingWalk(from: mailbox, client, to: targets, keepingCopy: keepingCopy)
    return follow(Forwarding(named: mailbox, walk: walk, purpose: purpose))
  }

  private mutating func follow(_ forwarding: Forwarding) -> Action {
    if forwarding.walk.leadsTooFar { return forwardRefused(forwarding, .forwardedTooFar) }
    guard let next = forwarding.walk.next else { return forwarded(forwarding) }
    return ask(.clientLookup(next), for: .forwardLookup(forwarding))
  }

  /// No rule against relaying is asked: the mailbox that forwards vouches for its targets.
  mutating func forwardKnown(_ forwarding: Forwarding, _ client: ClientRecord?) -> Action {
    guard let mailbox = forwarding.walk.next else { return impossible() }
    var forwarding = forwarding
    if client == nil {
      switch configuration.postmasterStanding(of: mailbox) {
      case .postmaster(let record): forwarding.walk.take(record)
      case .alias(let postmaster): forwarding.walk.turn(to: postmaster)
      case .none:
        if configuration.localDomains.contains(mailbox.domain) { return drop(forwarding, .noSuchUser) }
        // What mail may never come of is not worth a question to the DNS: a report asks when there is one.
        if !forwarding.isOfSender {
          switch configuration.wayAhead(to: mailbox) {
          case .ask(let domain): return ask(.route(domain), for: .forwardRoute(forwarding))
          case .none: return drop(forwarding, .noSuchDomain)
          case .sure: break
          }
        }
        forwarding.walk.take(nil)
      }
    } else {
      forwarding.walk.take(client)
    }
    return follow(forwarding)
  }

  mutating func forwardRouteKnown(_ forwarding: Forwarding, _ route: MailRoute) -> Action {
    switch route {
    case .nullMX: return drop(forwarding, .nullMX)
    case .noSuchDomain: return drop(forwarding, .noSuchDomain)
    case .exchangers, .failure:
      var forwarding = forwarding
      forwarding.walk.take(nil)
      return follow(forwarding)
    }
  }

  /// One target that does not exist any more must not keep the mail from the others.
  private mutating func drop(_ forwarding: Forwarding, _ reply: Reply) -> Action {
    guard let target = forwarding.walk.next else { return impossible() }
    var forwarding = forwarding
    if !forwarding.isOfSender { note(DroppedForward(forwarder: forwarding.named, target: target, reply: reply)) }
    forwarding.walk.drop(reply)
    return follow(forwarding)
  }

  private mutating func forwarded(_ forwarding: Forwarding) -> Action {
    let arrivals = forwarding.walk.arrivals
    guard !arrivals.isEmpty else { return forwardRefused(forwarding, forwarding.walk.refusal ?? .noSuchUser) }
    switch forwarding.purpose {
    case .recipient:
      if let reply = refusalAhead(of: arrivals.map(\.recipient)) { return settle(reply) }
      return accept(arrivals)
    case .redirection(var redirection):
      redirection.found += arrivals
      return redirect(redirection)
    case .sender(let sender, let parameters):
      return senderSettled(sender, parameters, reportsTo: arrivals.map(\.recipient))
    }
  }

  private mutating func forwardRefused(_ forwarding: Forwarding, _ reply: Reply) -> Action {
    switch forwarding.purpose {
    case .recipient: settle(reply)
    case .redirection(let redirection): redirectRefused(redirection, reply)
    // Whoever can be told of nothing may send all the same: reports go to the sender's own mailbox, which of a postmaster that
    // nobody knows is the one that mail for postmaster goes to.
    case .sender(let sender, let parameters):
      senderSettled(
        sender, parameters,
        reportsTo: conversation.senderClient == nil
          ? [EnvelopeRecipient(configuration.postmaster, client: .postmaster)] : [])
    }
  }

  /// The hook did not say what a target is.
  mutating func forwardUnknown(_ forwarding: Forwarding) -> Action {
    guard forwarding.isOfSender else { return forwardRefused(forwarding, .hookFailed) }
    resetTransaction()
    return settle(.hookFailed)
  }

  /// The recipients that came of one RCPT.
  mutating func accept(_ arrivals: [ForwardingWalk.Arrival]) -> Action {
    guard hasRoom(for: arrivals.count) else { return settle(.tooManyRecipients) }
    forgive()
    var places: [Int] = []
    for arrival in arrivals { places.append(add(arrival.recipient, way: arrival.way)) }
    if configuration.speaksLMTP { recipientGroups.append(places) }
    return settle(.recipientOK)
  }

  /// Ways to one recipient that are remembered; more of them change nothing but what is left when others loop.
  private static let maximumWays = 8

  /// A recipient was met once more, on another way.
  mutating func join(_ place: Int, way: [Mailbox]) {
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

  /// A report comes back to a sender that was rewritten, or somebody says so.
  mutating func returned(to mailbox: Mailbox) -> Action {
    if configuration.returnsReportsOnly, conversation.reversePath != .null { return settle(.reportsOnly) }
    return ask(.time, for: .restoration(mailbox))
  }

  mutating func restored(_ mailbox: Mailbox, at now: Timestamp) -> Action {
    switch configuration.rewriter?.restore(mailbox, at: now) {
    case .unknown, nil: settle(.unknownReturn)
    case .expired: settle(.expiredReturn)
    // From here on as for any address of ours that forwards.
    case .original(let original): recipientKnown(mailbox, ClientRecord(delivery: .none, forwards: [original]))
    }
  }

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

extension ServerSession.Forwarding {
  fileprivate var isOfSender: Bool {
    if case .sender = purpose { true } else { false }
  }
}

extension [Mailbox] {
  /// Whether a way leads over one of these, their local parts in lower case.
  func passes(_ passed: Set<Mailbox>) -> Bool { contains { passed.contains($0.caseFolded) } }
}
