import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// What the runner would do, told without doing it.
struct DeliveryPlanTests {
  @Test func hostsWithTheirPolicies() async throws {
    let zone = try LiteralZone(
      """
      d.example MX 10 mx.d.example
      d.example MX 20 lost.d.example
      d.example MX 30 broken.d.example
      d.example MX 40 mx2.d.example
      mx.d.example A 192.0.2.1
      mx.d.example AAAA 2001:db8::1
      _25._tcp.mx.d.example TLSA 3 1 1 \(TestCertificate.keyDigest)
      broken.d.example SERVFAIL
      mx2.d.example A 127.0.0.1
      """, authenticated: true)
    var configuration = QueueRunner.Configuration(serverName: "us.example")
    configuration.ownPlaces = OwnPlaces([OwnPlaces.Place(nil, port: 25)])
    let planner = try DeliveryPlanner(dns: zone, configuration: configuration)
    let plan = await planner.plan(for: Domain("d.example"))
    #expect(plan.destination == "broken.d.example:25,lost.d.example:25,mx.d.example:25,mx2.d.example:25")
    #expect(plan.isAuthenticated && plan.obstacle == nil && plan.setting == nil)
    #expect(plan.hosts.map(\.preference) == [10, 20, 30, 40])
    #expect(Set(plan.hosts[0].addresses.map { "\($0)" }) == ["192.0.2.1", "2001:db8::1"])
    #expect(plan.hosts[0].policy?.description == "dane (TLSA 3 1 1 for mx.d.example, authenticated)")
    #expect(
      plan.hosts.map { $0.obstacle ?? "" } == [
        "", "lost.d.example has no address",
        "4.4.3 broken.d.example could not be looked up: serverFailure(code: 2)", "this server itself",
      ])
  }

  @Test func requiredTLSRaisesThePolicy() async throws {
    let zone = try LiteralZone("d.example MX 10 mx.d.example\nmx.d.example A 192.0.2.1")
    let planner = try DeliveryPlanner(dns: zone, configuration: QueueRunner.Configuration(serverName: "us.example"))
    let plan = await planner.plan(for: Domain("d.example"), requiresTLS: true)
    #expect(plan.hosts.first?.policy?.description.hasSuffix("), REQUIRETLS") == true)
    #expect(plan.hosts.first?.obstacle?.hasPrefix("5.7.10 ") == true)
    let none = await planner.plan(for: Domain("none.example"))
    #expect(none.isFailure && none.hosts.isEmpty && none.destination == nil)
  }
}
