import MTACore
import Testing

@testable import MTADelivery

struct AddressOrderTests {
  static func order(_ texts: [String], without lost: Set<String> = []) -> [String] {
    AddressOrder.arrange(texts.compactMap { IPAddress($0) }) { !lost.contains("\($0)") }.map { "\($0)" }
  }

  @Test func familiesTakeTurns() {
    #expect(
      Self.order(["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8::3"]) == [
        "2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3",
      ])
  }

  @Test func whatCannotBeReachedComesLast() {
    #expect(
      Self.order(["192.0.2.1", "2001:db8::1", "192.0.2.2"], without: ["2001:db8::1", "192.0.2.1"]) == [
        "192.0.2.2", "2001:db8::1", "192.0.2.1",
      ])
  }

  @Test func theKernelKnowsTheWayToItself() {
    #expect(AddressOrder.hasWay(.loopback4))
  }

  @Test func weKnowOurselvesByAddress() {
    let all = OwnPlaces([OwnPlaces.Place(nil, port: 25)])
    #expect(all.contain(.loopback4, port: 25) && all.contain(IPAddress("127.9.9.9")!, port: 25))
    #expect(!all.contain(.loopback4, port: 26) && !all.contain(IPAddress("192.0.2.1")!, port: 25))
    let one = OwnPlaces([OwnPlaces.Place(IPAddress("192.0.2.1")!, port: 25)])
    #expect(one.contain(IPAddress("192.0.2.1")!, port: 25) && !one.contain(.loopback4, port: 25))
  }
}
