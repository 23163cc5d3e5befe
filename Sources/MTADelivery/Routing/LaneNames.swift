public import MTACore

/// The names of parcels' lanes (``MTACore/Parcel/lane``), as far as settings determine them. A store uses them, so arriving mail waits
/// in the lane where the runner looks for it.
///
/// | a copy | its lane |
/// |---|---|
/// | for a mailbox of ours | `local:` |
/// | for a domain with a route to a server | the route: `smtp:relay.example.net:587` |
/// | for any other domain, where there is a smarthost | `smarthost:` |
/// | for any other domain | the domain |
///
/// The DNS is not asked yet. If a runner has too much mail for the servers that it found, it gives parcels back in a lane with the
/// servers' names. Other parcels that it records are in the lane of this table again. A parcel may thus be in the lane of a route that
/// no longer exists, or of servers that its domain has left. At worst it is taken later: when these have room.
public struct LaneNames: Sendable {
  static let smarthost = "smarthost:"

  private let routes: DomainTable<DeliveryRoute>
  private let hasSmarthost: Bool

  public init(routes: DomainTable<DeliveryRoute> = DomainTable(), hasSmarthost: Bool = false) {
    self.routes = routes
    self.hasSmarthost = hasSmarthost
  }

  public func lane(of recipient: EnvelopeRecipient) -> String {
    guard recipient.delivery == .remote else { return EnvelopeRecipient.localLane }
    guard let route = routes.match(recipient.mailbox.domain)?.value else {
      return hasSmarthost ? Self.smarthost : recipient.firstLane
    }
    return Router.Route(to: route)?.key ?? recipient.firstLane
  }
}

extension QueueRunner.Configuration {
  /// The lane names for the runner's store (`MailStore.Configuration.lane`).
  public var laneNames: LaneNames { LaneNames(routes: routes, hasSmarthost: smarthost != nil) }
}
