import MTACore

/// Where copies go together: one transaction serves all recipients of a mail in one destination.
enum Destination: Hashable, Sendable, CustomStringConvertible {
  /// By the local transport.
  case local
  /// All remote mail that no route names, when there is a smarthost.
  case smarthost
  case domain(Domain)
  /// Nowhere: `delivery: none`.
  case nowhere

  init(_ recipient: EnvelopeRecipient, _ router: Router) {
    self =
      switch recipient.delivery {
      case .local: .local
      case .remote: router.usesFallback(recipient.mailbox.domain) ? .smarthost : .domain(recipient.mailbox.domain)
      case .none: .nowhere
      }
  }

  var description: String {
    switch self {
    case .local: "local"
    case .smarthost: "smarthost"
    case .domain(let domain): domain.description
    case .nowhere: "none"
    }
  }
}
