/// Follows forwards from one mailbox to where its mail ends up. A value that asks for one look-up at a time, so that a session and
/// a mail of our own follow the same rules; bounded in depth and number, whatever the records say.
package struct ForwardingWalk: Hashable, Sendable {
  /// Forwards of forwards that are followed.
  package static let maximumDepth = 10
  /// Mailboxes that one may lead to.
  package static let maximumTargets = 100

  /// A mailbox that nothing leads on from.
  package struct Arrival: Hashable, Sendable {
    package var recipient: EnvelopeRecipient
    /// The mailboxes whose forwards lead here, the one that was named first. A mailbox that keeps a copy of what it forwards
    /// stands in the way of that copy, too.
    package var way: [Mailbox]

    package init(_ recipient: EnvelopeRecipient, way: [Mailbox] = []) {
      self.recipient = recipient
      self.way = way
      self.recipient.forwardedFor = Self.forwarder(to: recipient.mailbox, on: way)
      // They have been followed, and need not be stored.
      self.recipient.client?.forwards = []
      self.recipient.client?.keepsCopy = false
    }

    /// The mailbox that forwards to `target`, at the end of a way.
    package static func forwarder(to target: Mailbox, on way: [Mailbox]) -> Mailbox? { way.last { $0 != target } }
  }

  private struct Step: Hashable, Sendable {
    var mailbox: Mailbox
    var way: [Mailbox]
  }

  private var open: [Step] = []
  /// Every mailbox that was met: each is followed once, which ends all circles.
  private var met: Set<Mailbox> = []
  private var found: [Arrival] = []
  /// The member whose forwards closed a circle.
  private var circler: Arrival?
  /// What was said to the first target that was left out.
  package private(set) var refusal: Reply?
  /// Over a bound: the walk is to be given up.
  package private(set) var leadsTooFar = false

  /// - Parameters:
  ///   - client: what is known of `mailbox`.
  ///   - targets: what it forwards to.
  package init(from mailbox: Mailbox, _ client: ClientRecord?, to targets: [Mailbox], keepingCopy: Bool) {
    met = [mailbox, client == nil ? mailbox : mailbox.caseFolded]
    follow(Step(mailbox: mailbox, way: []), client, targets, keepingCopy)
  }

  /// Where the mail ends up. Members that forward to each other and nowhere else would lose it: it stays with the one who would
  /// send it back.
  package var arrivals: [Arrival] { found.isEmpty ? circler.map { [$0] } ?? [] : found }

  /// The mailbox to be looked up; nil when all are.
  package var next: Mailbox? { open.first?.mailbox }

  /// Goes on with what is known of ``next``; nil for a stranger.
  package mutating func take(_ client: ClientRecord?) {
    guard let step = open.popFirst() else { return }
    guard let client else {
      found.append(Arrival(EnvelopeRecipient(step.mailbox), way: step.way))
      return
    }
    // A member's local part in any case is the same member's.
    let key = step.mailbox.caseFolded
    if key != step.mailbox, !met.insert(key).inserted { return }
    follow(step, client, client.forwards, client.keepsCopy)
  }

  /// Another mailbox stands in for ``next``.
  package mutating func turn(to mailbox: Mailbox) {
    guard let step = open.popFirst(), met.insert(mailbox).inserted else { return }
    open.insert(Step(mailbox: mailbox, way: step.way), at: 0)
  }

  /// Leaves ``next`` out.
  package mutating func drop(_ reply: Reply) {
    open.removeFirst()
    refusal = refusal ?? reply
  }

  private mutating func follow(_ step: Step, _ client: ClientRecord?, _ targets: [Mailbox], _ keepsCopy: Bool) {
    guard !targets.isEmpty || keepsCopy else {
      // An alias for nobody has nothing to arrive at; a mailbox that does not forward is where the way ends.
      if !step.way.isEmpty { found.append(Arrival(EnvelopeRecipient(step.mailbox, client: client), way: step.way)) }
      return
    }
    let way = step.way + [step.mailbox]
    func isSelf(_ target: Mailbox) -> Bool {
      target == step.mailbox || (client != nil && target.caseFolded == step.mailbox.caseFolded)
    }
    if keepsCopy || targets.contains(where: isSelf) {
      found.append(Arrival(EnvelopeRecipient(step.mailbox, client: client), way: way))
    }
    for target in targets where !isSelf(target) {
      if circler == nil, let client, client.isMember, step.way.contains(where: { $0.caseFolded == target.caseFolded }) {
        circler = Arrival(EnvelopeRecipient(step.mailbox, client: client), way: way)
      }
      guard met.insert(target).inserted else { continue }
      guard way.count <= Self.maximumDepth, found.count + open.count < Self.maximumTargets else {
        leadsTooFar = true
        return
      }
      open.append(Step(mailbox: target, way: way))
    }
  }
}

extension Array {
  fileprivate mutating func popFirst() -> Element? { isEmpty ? nil : removeFirst() }
}
