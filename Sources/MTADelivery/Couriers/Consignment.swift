import MTACore

/// One mail for the servers of one route.
struct Consignment: Sendable {
  let mail: OutgoingMail
  let recipients: [Mailbox]
  /// Whose servers they are; nil where the settings or a hook name the server.
  let domain: Domain?
  let route: Router.Route

  /// REQUIRETLS is a word between relays: LMTP is the end of the way. RFC 8689 §5: for mail from nobody it is a wish, or reports
  /// would be lost.
  var requiresTLS: Bool {
    mail.envelope.requests.requireTLS && mail.envelope.reversePath != .null && route.dialect == .smtp
  }

  /// Where a receiver would look for what is known of the server.
  var place: NextHopMemory.Place? {
    if route.namesServer { return route.setting.map { .server($0.target) } }
    return domain.map { .exchangers(of: $0) }
  }
}
