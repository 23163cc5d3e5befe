import MTASystem
import Testing

@testable import MTAServer

/// What processes are told by the names of their descriptors, and in numbers.
struct WordsTests {
  @Test(arguments: [
    ServiceCounts(connections: 0), .init(connections: 17, copies: 3), .init(connections: 5, copies: 1000),
  ])
  func countsAreReadAsTheyWereWritten(_ counts: ServiceCounts) {
    #expect(ServiceCounts(counts.bytes) == counts)
  }

  @Test(arguments: [
    "", "counts", "counts ", "counts x", "counts 1 2 3", "counts -1", "counts 1 ", "counts 12345678901", "count 1",
    "counts 1\n",
  ]) func whatIsNoCountIsNotHeard(_ text: String) {
    #expect(ServiceCounts(Array(text.utf8)) == nil)
  }

  @Test func manyMailsAreNotCounted() {
    #expect(ServiceCounts(connections: 2, copies: 999).text == "serving, connections: 2, in the queue: 999")
    #expect(ServiceCounts(connections: 2, copies: 1000).text == "serving, connections: 2, in the queue: 1000 or more")
    #expect(ServiceCounts(connections: 2).text == "serving, connections: 2")
  }

  @Test func aSessionIsToldOfItsConnection() throws {
    let seat = try #require(SessionSeat(["log": 4, "connection:2:77:entered": 9, "control": 5]))
    #expect(seat.descriptor == 9 && seat.listener == 2 && seat.number == 77 && seat.isEntered)
    #expect(try #require(SessionSeat(["connection:0:1:new": 3])).isEntered == false)
    for name in ["connection", "connection:1:2", "connection:x:1:new", "listen:0:0"] {
      #expect(SessionSeat([name: 3]) == nil)
    }
  }
}
