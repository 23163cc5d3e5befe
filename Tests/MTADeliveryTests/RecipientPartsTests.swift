import MTACore
import Testing

@testable import MTADelivery

struct RecipientPartsTests {
  private static let taken = RecipientResult(.delivered, "250 ok", reply: "250 ok")
  private static let full = RecipientResult(.deferred, "452 full", reply: "452 full", isSurplus: true)
  private static let refused = RecipientResult(.failed, "550 no", reply: "550 no")
  private static let mailboxFull = RecipientResult(.deferred, "452 full", reply: "452 full")

  @Test func oneTransactionWhereNothingIsKnown() {
    var parts = RecipientParts(count: 3)
    #expect(Array(parts.next) == [0, 1, 2])
    parts.take([Self.taken, Self.refused, Self.taken])
    #expect(parts.next.isEmpty)
    #expect(parts.results == [Self.taken, Self.refused, Self.taken])
    #expect(parts.provenLimit == nil)
  }

  @Test func aLimitIsProvedByTheNextTransaction() {
    var parts = RecipientParts(count: 5)
    parts.take([Self.taken, Self.taken, Self.full, Self.full, Self.full])
    #expect(Array(parts.next) == [2, 3])
    #expect(parts.provenLimit == nil)
    parts.take([Self.taken, Self.taken])
    #expect(parts.provenLimit == 2)
    #expect(Array(parts.next) == [4])
    parts.take([Self.taken])
    #expect(parts.results == Array(repeating: Self.taken, count: 5))
  }

  @Test func theOrderIsKeptBehindAKnownLimit() {
    var parts = RecipientParts(count: 5, limit: 3)
    #expect(Array(parts.next) == [0, 1, 2])
    parts.take([Self.taken, Self.full, Self.full])
    #expect(Array(parts.next) == [1])
    parts.take([Self.taken])
    #expect(Array(parts.next) == [2])
  }

  @Test func aMailboxThatIsFullProvesNothing() {
    var parts = RecipientParts(count: 2)
    parts.take([Self.taken, Self.full])
    parts.take([Self.mailboxFull])
    #expect(parts.provenLimit == nil)
    #expect(parts.next.isEmpty)
    parts = RecipientParts(count: 3)
    parts.take([Self.taken, Self.full, Self.taken])
    #expect(parts.limit == nil)
    #expect(Array(parts.next) == [1])
  }

  @Test func whatIsSaidOfAllHalvesThem() {
    var parts = RecipientParts(count: 5)
    parts.take(Array(repeating: Self.full, count: 5))
    #expect(Array(parts.next) == [0, 1])
    parts.take([Self.full, Self.full])
    #expect(Array(parts.next) == [0])
    parts.take([Self.taken])
    #expect(parts.provenLimit == 1)
  }

  /// Whatever a server answers, the transactions come to an end, and everybody has a result.
  @Test func itEnds() {
    let words = [Self.taken, Self.full, Self.refused, Self.mailboxFull]
    for seed in 0..<2000 {
      var parts = RecipientParts(count: 8, limit: seed % 3 == 0 ? 3 : nil)
      var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
      var rounds = 0
      while !parts.next.isEmpty {
        rounds += 1
        guard rounds < 40 else {
          Issue.record("no end with seed \(seed)")
          return
        }
        parts.take(
          parts.next.map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return words[Int(state >> 60) % words.count]
          })
      }
      #expect(!parts.results.contains(nil))
    }
  }

  @Test func limitsAreBounded() {
    let limits = RecipientLimits()
    for number in 0..<3000 { limits.learn(number, at: .address(.v4(UInt32(number)), port: 25)) }
    let known = (0..<3000).filter { limits.limit(at: .address(.v4(UInt32($0)), port: 25)) != nil }
    #expect(known.count == 1000)
    #expect(limits.limit(at: .address(.v4(2999), port: 25)) == 2999)
  }
}
