/// Follows the forwards of one mailbox: looks up each mailbox on the way, and asks whether the domains of others' take mail. No rule
/// against relaying is asked: the mailbox that forwards vouches for its targets.
struct ForwardInquiry: Hashable, Sendable {
  private enum State: Hashable { case new, lookup, route }

  /// What the client or a hook named.
  let named: Mailbox
  /// Whether the DNS is asked for the routes of others' domains.
  let asksRoutes: Bool
  /// The targets that were left out: for the log.
  private(set) var dropped: [DroppedForward] = []
  private var walk: ForwardingWalk
  private var state = State.new

  /// - Parameter client: what is known of `named`.
  init(
    from named: Mailbox, _ client: ClientRecord?, to targets: [Mailbox], keepingCopy: Bool, asksRoutes: Bool = true
  ) {
    self.named = named
    self.asksRoutes = asksRoutes
    walk = ForwardingWalk(from: named, client, to: targets, keepingCopy: keepingCopy)
  }

  /// - Returns: in the end where the mail ends up, at least one mailbox.
  mutating func step(_ answer: Answer?, _ configuration: SessionConfiguration) -> InquiryStep<[ForwardingWalk.Arrival]>
  {
    switch (state, answer) {
    case (.new, nil): return follow()
    case (.lookup, .client(let client?)?):
      walk.take(client)
      return follow()
    case (.lookup, .client(nil)?): return take(strangerIn: configuration)
    case (.route, .route(let route)?):
      if let reply = route.refusal { return drop(reply) }
      walk.take(nil)
      return follow()
    default: return .unexpected(answer)
    }
  }

  private mutating func follow() -> InquiryStep<[ForwardingWalk.Arrival]> {
    if walk.leadsTooFar { return .refuse(Objection(.forwardedTooFar)) }
    if let next = walk.next {
      state = .lookup
      return .ask(.clientLookup(next))
    }
    let arrivals = walk.arrivals
    return arrivals.isEmpty ? .refuse(Objection(walk.refusal ?? .noSuchUser)) : .done(arrivals)
  }

  private mutating func take(strangerIn configuration: SessionConfiguration) -> InquiryStep<[ForwardingWalk.Arrival]> {
    guard let mailbox = walk.next else { return .refuse(.misfit) }
    switch configuration.postmasterStanding(of: mailbox) {
    case .postmaster(let record): walk.take(record)
    case .alias(let postmaster): walk.turn(to: postmaster)
    case .none:
      if configuration.localDomains.contains(mailbox.domain) { return drop(.noSuchUser) }
      if asksRoutes {
        switch configuration.wayAhead(to: mailbox) {
        case .ask(let domain):
          state = .route
          return .ask(.route(domain))
        case .none: return drop(.noSuchDomain)
        case .sure: break
        }
      }
      walk.take(nil)
    }
    return follow()
  }

  /// One target that does not exist any more must not keep the mail from the others.
  private mutating func drop(_ reply: Reply) -> InquiryStep<[ForwardingWalk.Arrival]> {
    guard let target = walk.next else { return .refuse(.misfit) }
    dropped.append(DroppedForward(forwarder: named, target: target, reply: reply))
    walk.drop(reply)
    return follow()
  }
}

/// A target of a forward that gets no copy.
package struct DroppedForward: Hashable, Sendable {
  package let forwarder: Mailbox
  package let target: Mailbox
  package let reply: Reply
}

extension MailRoute {
  /// R16: a domain without any route is refused at once; when the DNS itself fails, the mail is taken and deferred.
  package var refusal: Reply? {
    switch self {
    case .nullMX: .nullMX
    case .noSuchDomain: .noSuchDomain
    case .exchangers, .failure: nil
    }
  }
}
