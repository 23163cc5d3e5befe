import MTACore
import MTADelivery
import MTATestSupport
import Testing

struct RouterTests {
  static func router(_ zone: LiteralZone, serverName: String = "us.example") -> Router {
    Router(dns: zone, serverName: serverName, port: 25) { $0.sorted { "\($0.host)" > "\($1.host)" } }
  }

  /// The hops in order, or why there are none.
  static func route(_ router: Router, _ domain: String) async throws -> String {
    do throws(DeliveryTrouble) { return "\(try await router.route(to: Domain(domain)!))" } catch {
      return OutcomeClassifier.judge(error).message
    }
  }

  static func route(_ zone: LiteralZone, _ domain: String, serverName: String = "us.example") async throws -> String {
    try await route(router(zone, serverName: serverName), domain)
  }

  @Test func preferencesInOrderEqualsShuffled() async throws {
    let zone = try LiteralZone("d.example MX 20 c.example\nd.example MX 10 a.example\nd.example MX 10 b.example")
    #expect(try await Self.route(zone, "d.example") == "b.example:25, a.example:25, c.example:25")
  }

  @Test func domainsWithTheSameExchangersShareAKey() async throws {
    let zone = try LiteralZone(
      """
      d.example MX 20 c.example
      d.example MX 10 a.example
      e.example MX 10 c.example
      e.example MX 10 a.example
      f.example MX 10 a.example
      """)
    let router = Self.router(zone)
    let d = try await router.route(to: Domain("d.example"))
    let e = try await router.route(to: Domain("e.example"))
    let f = try await router.route(to: Domain("f.example"))
    #expect(d.hops != e.hops)
    #expect(d.key == "a.example:25,c.example:25" && d.key == e.key)
    #expect(f.key == "a.example:25")
  }

  @Test func onlyExchangersBeforeOurselves() async throws {
    let zone = try LiteralZone(
      "d.example MX 10 a.example\nd.example MX 20 us.example\nd.example MX 20 b.example\nd.example MX 30 c.example")
    #expect(try await Self.route(zone, "d.example") == "a.example:25")
    #expect(
      try await Self.route(zone, "d.example", serverName: "a.example")
        == "5.4.6 mail for d.example loops back to this server")
  }

  @Test func addressesAreTheImplicitExchanger() async throws {
    let zone = try LiteralZone("d.example AAAA 2001:db8::1")
    #expect(try await Self.route(zone, "d.example") == "d.example:25")
    #expect(try await Self.route(zone, "[192.0.2.1]") == "192.0.2.1:25")
    #expect(try await Self.route(zone, "[IPv6:2001:db8::1]") == "[2001:db8::1]:25")
  }

  @Test func aliasesAreFollowed() async throws {
    let zone = try LiteralZone(
      "d.example CNAME real.example\nreal.example MX 10 mx.example\nmx.example CNAME host.example\nhost.example A 192.0.2.1"
    )
    let router = Self.router(zone)
    #expect(try await Self.route(router, "d.example") == "mx.example:25")
    guard case .found(let location) = await router.location(of: HostAndPort("mx.example:25")!) else {
      Issue.record("no address")
      return
    }
    #expect(location.addresses == [IPAddress("192.0.2.1")])
    #expect("\(location.canonicalName)" == "host.example")
  }

  @Test func troubleIsToldApart() async throws {
    let zone = try LiteralZone("null.example MX 0 .\nbroken.example SERVFAIL\nbelow.empty.example A 192.0.2.1")
    #expect(try await Self.route(zone, "null.example").hasPrefix("5.1.10 "))
    #expect(try await Self.route(zone, "none.example").hasPrefix("5.1.2 "))
    #expect(try await Self.route(zone, "empty.example").hasPrefix("5.1.2 "))
    #expect(try await Self.route(zone, "broken.example").hasPrefix("4.4.3 "))
  }

  @Test func anExchangerListWithoutEndIsCut() async throws {
    var zone = LiteralZone()
    for number in 0..<200 { try zone.add("d.example MX \(number) mx\(number).example") }
    let route = try await Self.router(zone).route(to: Domain("d.example"))
    #expect(route.hops.count == 20 && route.hops.first == Router.NextHop(HostAndPort("mx0.example:25")!, preference: 0))
  }

  @Test func theDNSVouchesForExchangersOrNot() async throws {
    let zone = try LiteralZone(
      "signed.example MX 10 mx.example\nimplicit.example A 192.0.2.1\nloose.example MX 10 mx.example\nloose.example INSECURE",
      authenticated: true)
    let router = Self.router(zone)
    #expect(try await router.route(to: Domain("signed.example")).isAuthenticated)
    #expect(try await router.route(to: Domain("implicit.example")).isAuthenticated)
    #expect(try await !router.route(to: Domain("loose.example")).isAuthenticated)
  }

  @Test func routesComeBeforeExchangersAndSmarthost() async throws {
    let zone = try LiteralZone("d.example MX 10 mx.d.example\nother.example MX 10 mx.other.example")
    var routes = DomainTable<DeliveryRoute>()
    for (pattern, target) in [
      ("exact.example", "smtps:relay.example:465"), (".lab.example", "lmtp:/run/lmtp"), ("d.example", "mx"),
      ("moved.example", "mx:other.example"), ("gone.example", "fail:we have moved"), ("later.example", "hold:not now"),
      ("bücher.example", "smtp:192.0.2.1:2525"),
    ] {
      let isSet = routes.set(DeliveryRoute(try #require(RouteTarget(target))), for: pattern)
      #expect(isSet)
    }
    let router = Router(
      dns: zone, serverName: "us.example", routes: routes,
      fallback: DeliveryRoute(.smtp(HostAndPort("smart.example:587")!)))
    let exact = try await router.route(to: Domain("exact.example"))
    #expect(exact.isImplicitTLS && exact.key == "smtps:relay.example:465" && "\(exact)" == "relay.example:465")
    let lab = try await router.route(to: Domain("a.b.lab.example"))
    #expect(lab.dialect == .lmtp && lab.hops == [Router.NextHop(unixSocket: "/run/lmtp")])
    #expect(try await Self.route(router, "d.example") == "mx.d.example:25")
    #expect(try await Self.route(router, "moved.example") == "mx.other.example:25")
    #expect(try await Self.route(router, "gone.example") == "5.7.1 we have moved")
    #expect(try await Self.route(router, "later.example") == "4.3.2 not now")
    #expect(try await router.route(to: Domain("bücher.example", international: true)!).key == "smtp:192.0.2.1:2525")
    // Not below itself: that is another pattern.
    #expect(try await router.route(to: Domain("lab.example")).key == "smtp:smart.example:587")
    #expect(router.usesFallback(Domain("any.example")) && !router.usesFallback(Domain("d.example")))
  }

  @Test func settingsAreReadStrictly() {
    #expect(HostAndPort("mx.example.org:25")?.description == "mx.example.org:25")
    #expect(HostAndPort("[2001:db8::1]:2525")?.description == "[2001:db8::1]:2525")
    #expect(LocalDelivery("lmtp:/run/lmtp") == .lmtpSocket(path: "/run/lmtp"))
    #expect(LocalDelivery("maildir:mail") == .maildir(directory: "mail"))
    for wrong in ["", "mx", "mx:", "mx:0", "mx:+25", "mx:65536", ":25", "2001:db8::1:25", "[mx]:25", "m x:25"] {
      #expect(HostAndPort(wrong) == nil, "\(wrong)")
    }
    for wrong in ["", "lmtp:", "lmtp:host", "smtp:/x", "maildir:", "pipe:x"] {
      #expect(LocalDelivery(wrong) == nil, "\(wrong)")
    }
    for right in [
      "mx", "mx:example.org", "smtp:a.example:25", "smtps:[2001:db8::1]:465", "lmtp:/run/lmtp", "lmtp:127.0.0.1:24",
      "fail:no: really not", "hold:x",
    ] {
      #expect(RouteTarget(right)?.description == right)
    }
    for wrong in ["", "mx:", "mx:a b", "smtp:a.example", "smtps:/run/x", "fail", "fail:", "hold:\u{1b}", "pipe:x"] {
      #expect(RouteTarget(wrong) == nil, "\(wrong)")
    }
    var table = DomainTable<Int>()
    for wrong in ["", ".", "*.example", "a..example", ".[192.0.2.1]", "a b"] {
      let isSet = table.set(1, for: wrong)
      #expect(!isSet, "\(wrong)")
    }
  }

  @Test func credentialsAreNotShown() {
    let route = DeliveryRoute(
      .smtp(HostAndPort("a.example:25")!), credentials: Credentials(username: "u", password: "secret"), tls: .verify)
    let texts = [
      "\(route)", String(reflecting: route),
      "\(Router.Route([Router.NextHop(HostAndPort("a.example:25")!)], setting: route))",
    ]
    #expect(texts.allSatisfy { !$0.contains("secret") }, "\(texts)")
  }
}
