/// A hook sends the whole mail elsewhere.
extension ServerSession {
  mutating func redirect(to arrivals: [ForwardingWalk.Arrival]) -> Action {
    let passed = passedMailboxes
    let open = arrivals.filter { !$0.way.passes(passed) }
    if open.isEmpty {
      content.refusal = .forwardingLoop
      return abandon()
    }
    var seen: Set<Mailbox> = []
    var recipients = open.map(\.recipient).filter {
      seen.insert($0.client == nil ? $0.mailbox : $0.mailbox.caseFolded).inserted
    }
    let notify = Self.notifyInPlace(of: remaining)
    for index in recipients.indices { recipients[index].notification.notify = notify }
    return commit(recipients)
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
}
