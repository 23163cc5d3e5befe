import MTACore
import MTATestSupport
import Testing

@testable import MTADelivery

/// What attempts teach of the servers of a destination.
struct LaneLearningTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)
  private let destination = Destination.smarthost

  private func job(_ name: String) -> DeliveryJob { .test(name, for: destination, at: now) }

  private func lanes(jobs: Int) throws -> Lanes {
    var lanes = Lanes(
      LanePolicy(workers: 100, memory: 4000),
      DestinationLimits(standard: DestinationLimit(deliveries: 100), domains: DomainTable()))
    for number in 0..<jobs { lanes.add(job("m\(number)"), at: now) }
    return lanes
  }

  private static let ownFailures: [DeliveryTrouble] = [
    .dns(.timedOut, "a.example"), .contentUnavailable("gone"), .tlsPolicy("no TLSA records"), .nullMX("a.example"),
    .filterDeferred("no answer"), .loopsToSelf("a.example"),
  ]

  /// Four broken connections are not made up for by a look-up that fails: the fifth is the one too many.
  @Test(arguments: ownFailures) func whatSaysNothingOfServersForgivesNothing(_ trouble: DeliveryTrouble) throws {
    var lanes = try lanes(jobs: 2)
    for _ in 0..<4 {
      #expect(lanes.learn(destination, Attempt(.connectionLost(.mail), for: 1), at: now).isEmpty)
    }
    #expect(lanes.learn(destination, Attempt(trouble, for: 1), at: now).isEmpty)
    #expect(lanes.learn(destination, Attempt(.connectionLost(.mail), for: 1), at: now).count == 2)
  }

  /// Nor does it end a rest.
  @Test(arguments: ownFailures) func whatSaysNothingOfServersEndsNoRest(_ trouble: DeliveryTrouble) throws {
    var lanes = try lanes(jobs: 1)
    #expect(lanes.learn(destination, Attempt(.connect("refused"), for: 1, isUnreachable: true), at: now).count == 1)
    _ = lanes.learn(destination, Attempt(trouble, for: 1), at: now)
    lanes.add(job("next"), at: now)
    guard case .turnAway = lanes.next(for: destination, served: 0, at: now) else {
      Issue.record("it is tried at once")
      return
    }
  }

  /// Nor does it earn a destination more deliveries at a time.
  @Test func whatSaysNothingOfServersEarnsNothing() throws {
    var learned = try lanes(jobs: 500)
    var taught = learned
    for _ in 0..<20 {
      _ = learned.learn(destination, Attempt(.dns(.timedOut, "a.example"), for: 1), at: now)
      _ = taught.learn(destination, Attempt([RecipientResult(.delivered, "250 ok", reply: "250 ok")]), at: now)
    }
    #expect(learned.hire(at: now).count == 5)
    #expect(taught.hire(at: now).count == 25)
  }

  /// A refusal is an answer, and a server that answers is there.
  @Test func aRefusalForgives() throws {
    var lanes = try lanes(jobs: 1)
    for _ in 0..<4 { _ = lanes.learn(destination, Attempt(.connectionLost(.mail), for: 1), at: now) }
    let refused = RecipientResult(.failed, "550 5.1.1 no", reply: "550 5.1.1 no")
    #expect(lanes.learn(destination, Attempt([refused]), at: now).isEmpty)
    #expect(lanes.learn(destination, Attempt(.connectionLost(.mail), for: 1), at: now).isEmpty)
  }
}
