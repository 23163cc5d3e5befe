import MTACore
import MTADelivery
import Testing

struct RouterTests {
  static func route(_ zone: LiteralZone, _ domain: String, serverName: String = "us.example") async -> Router.Route {
    let router = Router(dns: zone, serverName: serverName, port: 25) { $0.sorted { "\($0.host)" > "\($1.host)" } }
    return await router.route(to: Domain(domain)!)
  }

  static func hops(_ names: String...) -> Router.Route {
    .hops(names.compactMap { HostAndPort($0 + ":25") }.map { Router.NextHop($0) })
  }

  @Test func preferencesInOrderEqualsShuffled() async {
    var zone = LiteralZone()
    zone.add(mx: [(20, "c.example"), (10, "a.example"), (10, "b.example")], of: "d.example")
    #expect(await Self.route(zone, "d.example") == Self.hops("b.example", "a.example", "c.example"))
  }

  @Test func onlyExchangersBeforeOurselves() async {
    var zone = LiteralZone()
    zone.add(mx: [(10, "a.example"), (20, "us.example"), (20, "b.example"), (30, "c.example")], of: "d.example")
    #expect(await Self.route(zone, "d.example") == Self.hops("a.example"))
    #expect(await Self.route(zone, "d.example", serverName: "a.example") == .trouble(.loopsToSelf("d.example")))
  }

  @Test func addressesAreTheImplicitExchanger() async {
    var zone = LiteralZone()
    zone.add(address: "2001:db8::1", of: "d.example")
    #expect(await Self.route(zone, "d.example") == Self.hops("d.example"))
    #expect(await Self.route(zone, "[192.0.2.1]") == Self.hops("192.0.2.1"))
    #expect(await Self.route(zone, "[IPv6:2001:db8::1]") == Self.hops("[2001:db8::1]"))
  }

  @Test func troubleIsToldApart() async {
    var zone = LiteralZone()
    zone.add(mx: [(0, ".")], of: "null.example")
    zone.add(failure: .serverFailure(code: 2), of: "broken.example")
    zone.records["empty.example"] = [:]
    #expect(await Self.route(zone, "null.example") == .trouble(.nullMX("null.example")))
    #expect(await Self.route(zone, "none.example") == .trouble(.noSuchDomain("none.example")))
    #expect(await Self.route(zone, "empty.example") == .trouble(.noSuchDomain("empty.example")))
    #expect(await Self.route(zone, "broken.example") == .trouble(.dns(.serverFailure(code: 2), "broken.example")))
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
  }
}
