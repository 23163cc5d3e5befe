import MTACore
import MTADelivery
import MTATestSupport
import Testing

struct RouterTests {
  static func route(_ zone: LiteralZone, _ domain: String, serverName: String = "us.example") async -> Router.Route {
    let router = Router(dns: zone, serverName: serverName, port: 25) { $0.sorted { "\($0.host)" > "\($1.host)" } }
    return await router.route(to: Domain(domain)!)
  }

  static func hops(_ names: String...) -> Router.Route {
    .hops(names.compactMap { HostAndPort($0 + ":25") }.map { Router.NextHop($0) })
  }

  @Test func preferencesInOrderEqualsShuffled() async throws {
    var zone = LiteralZone()
    try zone.add("d.example MX 20 c.example\nd.example MX 10 a.example\nd.example MX 10 b.example")
    #expect(await Self.route(zone, "d.example") == Self.hops("b.example", "a.example", "c.example"))
  }

  @Test func onlyExchangersBeforeOurselves() async throws {
    var zone = LiteralZone()
    try zone.add(
      "d.example MX 10 a.example\nd.example MX 20 us.example\nd.example MX 20 b.example\nd.example MX 30 c.example")
    #expect(await Self.route(zone, "d.example") == Self.hops("a.example"))
    #expect(await Self.route(zone, "d.example", serverName: "a.example") == .trouble(.loopsToSelf("d.example")))
  }

  @Test func addressesAreTheImplicitExchanger() async throws {
    var zone = LiteralZone()
    try zone.add("d.example AAAA 2001:db8::1")
    #expect(await Self.route(zone, "d.example") == Self.hops("d.example"))
    #expect(await Self.route(zone, "[192.0.2.1]") == Self.hops("192.0.2.1"))
    #expect(await Self.route(zone, "[IPv6:2001:db8::1]") == Self.hops("[2001:db8::1]"))
  }

  @Test func troubleIsToldApart() async throws {
    var zone = LiteralZone()
    try zone.add("null.example MX 0 .")
    try zone.add("broken.example SERVFAIL")
    try zone.add("below.empty.example A 192.0.2.1")
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
