import MTACore

/// Has each mail judged, and gives passed mails to another courier.
struct FilteringCourier: Courier {
  let filter: any ContentFilter
  var courier: any Courier

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    switch await FilterStep.apply(filter, to: mail, for: recipients) {
    case .deliver(let judged): return await courier.deliver(judged, to: recipients)
    case .settle(let result): return Attempt(recipients.map { _ in result })
    case .forget(let result):
      var attempt = Attempt(recipients.map { _ in result })
      attempt.isSilent = true
      return attempt
    case .hold(let reason): return Attempt(recipients.map { _ in RecipientResult(.held, reason) })
    }
  }

  var isConnected: Bool { courier.isConnected }

  mutating func end() { courier.end() }
}
