import MTACore
import Testing

@testable import MTADelivery

/// What is known of a destination, step by step, and for how long one that cannot be reached is left alone.
struct StandingTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)
  private let policy = LanePolicy()
  private let broken = Attempt(.connectionLost(.mail), for: 1)
  private let unreachable = Attempt(.connect("refused"), for: 1, isUnreachable: true)
  private let good = Attempt([RecipientResult(.delivered, "250 ok")])

  private func words(_ standing: Standing) -> String {
    switch standing {
    case .unknown: "unknown"
    case .proven: "proven"
    case .troubled(let count): "troubled \(count)"
    case .out(let outage): "out \(outage.troubles) until \((outage.end - now) / .seconds(1))"
    }
  }

  /// Each attempt after so many seconds, and what is known after it.
  @Test func troubleIsCountedUntilSomethingGoesWell() {
    var standing = Standing.unknown
    #expect(words(standing) == "unknown")
    for (attempt, seconds, expected) in [
      (broken, 0, "troubled 1"), (broken, 0, "troubled 2"), (good, 0, "proven"), (broken, 0, "troubled 1"),
      (broken, 0, "troubled 2"), (broken, 0, "troubled 3"), (broken, 0, "troubled 4"),
      (broken, 0, "out 5 until 30.0"), (broken, 10, "out 6 until 30.0"), (broken, 30, "out 7 until 90.0"),
      (good, 90, "proven"),
    ] {
      standing.learn(attempt, at: now + .seconds(seconds), policy)
      #expect(words(standing) == expected)
    }
  }

  @Test func anOutageDoublesWithinItsBounds() {
    var standing = Standing.proven
    var time = 0
    var lengths: [Int] = []
    for _ in 0..<8 {
      standing.learn(unreachable, at: now + .seconds(time), policy)
      guard case .out(let outage) = standing else { return #expect(Bool(false), "it is out") }
      let end = Int((outage.end - now) / .seconds(1))
      lengths.append(end - time)
      time = end
    }
    #expect(lengths == [30, 60, 120, 240, 480, 600, 600, 600])
  }
}
