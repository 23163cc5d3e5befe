import MTACore

/// A place to which copies go together: one transaction serves all recipients of a mail with one destination.
enum Destination: Hashable, Sendable, CustomStringConvertible {
  /// By the local transport.
  case local
  /// To the smarthost: all remote mail without a route.
  case smarthost
  /// To a domain whose servers are not known yet.
  case domain(Domain)
  /// To the servers of one or more domains; domains that share them are one destination. The text is ``Router/Route``'s key.
  case exchangers(String)
  /// To one server, because a hook said so.
  case server(HostAndPort, ClientSession.Dialect)
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

  init(_ place: DeliveryPlace) {
    self =
      switch place {
      case .local: .local
      case .domain(let domain): .domain(domain)
      case .smtp(let server): .server(server, .smtp)
      case .lmtp(let server): .server(server, .lmtp)
      }
  }

  /// The queue's lane of mail that must wait for it; see ``LaneNames``.
  var lane: String {
    switch self {
    case .local, .nowhere: EnvelopeRecipient.localLane
    case .smarthost: LaneNames.smarthost
    case .domain(let domain): domain.canonical.description
    case .exchangers(let key): key
    case .server(let server, let dialect): "hook:\(dialect):\(server)"
    }
  }

  var description: String {
    switch self {
    case .local: "local"
    case .smarthost: "smarthost"
    case .domain(let domain): domain.description
    case .exchangers(let key): key
    case .server(let server, _): server.description
    case .nowhere: "none"
    }
  }
}
