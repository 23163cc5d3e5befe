import MTACore
import Testing

@Suite struct QueueEntryTests {
  private let entry = QueueEntry(
    parcel: ParcelID(1), mail: "m1", sender: "<>", recipient: "b@far.example", state: .waiting, attempts: 3)

  @Test func aHeldCopyIsCalledSo() {
    var entry = entry
    #expect(entry.standing == "waiting")
    entry.state = .working
    #expect(entry.standing == "working")
    entry.isHeld = true
    #expect(entry.standing == "held")
  }

  @Test(arguments: [
    ("b@far.example", "far.example"), (#""a@b"@far.example"#, "far.example"), ("b@[192.0.2.1]", "[192.0.2.1]"),
    ("ü@bücher.example", "bücher.example"), ("b@", ""), ("unreadable", ""), ("", ""),
  ]) func theDomainStandsBehindTheLastAt(_ recipient: String, _ domain: String) {
    var entry = entry
    entry.recipient = recipient
    #expect(entry.domain == domain)
  }

  @Test(arguments: ["fail:no such:place", "fail:", "to:smtp:b.example:25", "to:mx:b.example"])
  func ordersKeepTheirTexts(_ text: String) throws {
    #expect(try #require(ParcelOrder(text)).description == text)
  }

  @Test(arguments: ["", "fail", "to", "other:x", ":x"]) func otherTextsAreNoOrders(_ text: String) {
    #expect(ParcelOrder(text) == nil)
  }
}
