public import MTACore

/// How a runner names the lanes of parcels (``MTACore/Parcel/lane``), as far as settings tell: for a store, so that mail which arrives waits
/// where the runner will look for it.
///
/// | a copy | its lane |
/// |---|---|
/// | for a mailbox of ours | `local:` |
/// | for a domain with a route to a server | the route: `smtp:relay.example.net:587` |
/// | for any other domain, where there is a smarthost | `smarthost:` |
/// | for any other domain | the domain |
///
/// What the DNS says of a domain is not known yet. A runner that has too much for the servers it found gives parcels back in a lane with
/// the servers' names; whatever else it records waits in the lane of this table again. So a parcel that waits in the lane of a route which is
/// no more, or of servers that its domain has left, is at worst taken later: when these have room.
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
  /// For the store that the runner works on (`MailStore.Configuration.lane`).
  public var laneNames: LaneNames { LaneNames(routes: routes, hasSmarthost: smarthost != nil) }
}
