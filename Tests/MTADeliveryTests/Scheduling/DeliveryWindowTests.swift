import Testing

@testable import MTADelivery

struct DeliveryWindowTests {
  @Test func growsFastUntilTroubleThenSlowly() {
    var window = DeliveryWindow(maximum: 20)
    #expect(window.size == 5)
    for _ in 0..<10 { window.succeeded() }
    #expect(window.size == 15)
    window.troubled()
    #expect(window.size == 7)
    for _ in 0..<6 { window.succeeded() }
    #expect(window.size == 7)
    window.succeeded()
    #expect(window.size == 8)
    for _ in 0..<1000 { window.succeeded() }
    #expect(window.size == 20)
  }

  @Test func neverBelowOneNorAboveItsMaximum() {
    var window = DeliveryWindow(maximum: 2)
    #expect(window.size == 2)
    for _ in 0..<10 { window.troubled() }
    #expect(window.size == 1)
    for _ in 0..<10 { window.succeeded() }
    #expect(window.size == 2)
    #expect(DeliveryWindow(maximum: 0).size == 1)
  }
}
