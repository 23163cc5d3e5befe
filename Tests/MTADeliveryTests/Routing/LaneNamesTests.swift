import MTACore
import MTATestSupport
import Testing

@testable import MTADelivery

/// What a runner calls the lanes of mail that arrives, and that they are those of the destinations where it goes.
struct LaneNamesTests {
  private func configuration(smarthost: String? = nil) throws -> QueueRunner.Configuration {
    var configuration = QueueRunner.Configuration(serverName: "us.example")
    configuration.smarthost = try smarthost.map { try #require(HostAndPort($0)) }
    for (pattern, target) in [
      ("routed.example", "smtp:relay.example:587"), (".below.example", "lmtp:/run/lmtp"), ("own.example", "mx"),
      ("other.example", "mx:elsewhere.example"), ("gone.example", "fail:no"),
    ] {
      let isSet = configuration.routes.set(DeliveryRoute(try #require(RouteTarget(target))), for: pattern)
      #expect(isSet)
    }
    return configuration
  }

  private func recipient(_ address: String, _ delivery: DeliveryKind = .remote) throws -> EnvelopeRecipient {
    EnvelopeRecipient(
      try #require(Mailbox(address)),
      client: delivery == .remote ? nil : ClientRecord(mailboxID: "m", delivery: delivery))
  }

  @Test func settingsNameLanes() throws {
    let (plain, relayed) = (try configuration().laneNames, try configuration(smarthost: "hub.example:25").laneNames)
    for (address, lane) in [
      ("x@routed.example", "smtp:relay.example:587"), ("x@one.below.example", "lmtp:/run/lmtp"),
      ("x@own.example", "own.example"), ("x@other.example", "other.example"), ("x@gone.example", "gone.example"),
    ] {
      #expect(plain.lane(of: try recipient(address)) == lane)
      #expect(relayed.lane(of: try recipient(address)) == lane)
    }
    #expect(plain.lane(of: try recipient("x@B\u{fc}cher.Example")) == "xn--bcher-kva.example")
    #expect(plain.lane(of: try recipient("x@below.example")) == "below.example")
    #expect(relayed.lane(of: try recipient("x@any.example")) == "smarthost:")
    #expect(relayed.lane(of: try recipient("x@routed.example", .local)) == "local:")
    #expect(relayed.lane(of: try recipient("x@here.example", .none)) == "local:")
    #expect(LaneNames().lane(of: try recipient("x@routed.example")) == "routed.example")
  }

  /// What the runner leaves out is what arrives for the same place.
  @Test func destinationsHaveTheSameLanes() throws {
    for smarthost in [nil, "hub.example:25"] {
      let configuration = try configuration(smarthost: smarthost)
      let router = Router(dns: EmptyZone(), configuration: configuration)
      for address in ["x@own.example", "x@other.example", "x@gone.example", "x@any.example"] {
        let recipient = try recipient(address)
        #expect(Destination(recipient, router).lane == configuration.laneNames.lane(of: recipient))
      }
      #expect(Destination(try recipient("x@any.example", .local), router).lane == "local:")
      // A route to a server is found without the DNS, before the first delivery.
      let domain = Domain("routed.example")
      let route = try #require(router.setting(of: domain).flatMap { Router.Route(to: $0) })
      #expect(
        Destination.exchangers(route.key).lane == configuration.laneNames.lane(of: try recipient("x@routed.example")))
    }
  }

  /// No domain can be taken for any of them.
  @Test func noDomainLooksLikeALane() throws {
    for text in ["local:", "smarthost:", "smtp:relay.example:587", "mx.example:25", "hook:smtp:relay.example:25"] {
      #expect(Domain(text) == nil)
    }
    for text in ["local", "smarthost", "hook"] { #expect(Domain(text)?.canonical.description == text) }
  }
}
