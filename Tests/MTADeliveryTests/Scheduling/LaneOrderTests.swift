import MTACore
import MTATestSupport
import Testing

@testable import MTADelivery

/// Who gets a worker when there are too few.
struct LaneOrderTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)

  private func job(_ name: String) -> DeliveryJob {
    .test(to: "x@" + name, for: .exchangers(name), at: now)
  }

  private func lanes(workers: Int) -> Lanes {
    Lanes(
      LanePolicy(workers: workers, memory: 4000),
      DestinationLimits(standard: DestinationLimit(), domains: DomainTable()))
  }

  /// Destinations that go on arriving pass nobody who waits already.
  @Test func whoeverWaitsLongestComesFirst() throws {
    var lanes = lanes(workers: 1)
    var served: [String] = []
    for number in 0..<40 { lanes.add(job("d\(number).example"), at: now) }
    for number in 40..<80 {
      let hired = lanes.hire(at: now)
      try #require(hired.count == 1)
      served.append("\(hired[0])")
      _ = lanes.next(for: hired[0], served: 0, at: now)
      lanes.left(hired[0])
      lanes.add(job("d\(number).example"), at: now)
    }
    #expect(served == (0..<40).map { "d\($0).example" })
  }

  /// A fifth of the workers is not for destinations that nobody knows.
  @Test func theUnknownLeaveSomeForTheProven() throws {
    var lanes = lanes(workers: 10)
    let good = job("good.example")
    lanes.add(good, at: now)
    #expect(lanes.hire(at: now).count == 1)
    _ = lanes.next(for: good.destination, served: 0, at: now)
    _ = lanes.learn(good.destination, Attempt([RecipientResult(.delivered, "250 ok")]), at: now)
    for number in 0..<20 { lanes.add(job("d\(number).example"), at: now) }
    #expect(lanes.hire(at: now).count == 8)
    #expect(lanes.hire(at: now).isEmpty)
    for _ in 0..<5 { lanes.add(good, at: now) }
    #expect(lanes.hire(at: now) == [good.destination])
    #expect(lanes.workers == 10)
  }

  /// Nor do the second workers of some that hang keep the first from others.
  @Test func secondWorkersAreNoneOfTheLast() throws {
    var lanes = lanes(workers: 20)
    for number in 0..<4 { for _ in 0..<30 { lanes.add(job("slow\(number).example"), at: now) } }
    // A quarter of four fifths.
    #expect(lanes.hire(at: now).count == 4)
    for number in 0..<14 { lanes.add(job("d\(number).example"), at: now) }
    #expect(Set(lanes.hire(at: now)).count == 12)
    #expect(lanes.workers == 16)
  }

  /// Few mails behind one that takes its time get another worker after a moment, one after the other.
  @Test func whatStandsStillGetsAnotherWorker() throws {
    var lanes = lanes(workers: 20)
    let slow = job("slow.example")
    for _ in 0..<3 { lanes.add(slow, at: now) }
    #expect(lanes.hire(at: now) == [slow.destination])
    _ = lanes.next(for: slow.destination, served: 0, at: now)
    #expect(lanes.hire(at: now + .milliseconds(999)).isEmpty)
    #expect(lanes.hire(at: now + .seconds(1)) == [slow.destination])
    #expect(lanes.hire(at: now + .milliseconds(1999)).isEmpty)
    #expect(lanes.hire(at: now + .seconds(2)) == [slow.destination])
    // Where somebody gets on, nobody comes.
    _ = lanes.next(for: slow.destination, served: 1, at: now + .milliseconds(2500))
    #expect(lanes.hire(at: now + .seconds(3)).isEmpty)
    // The time of day may be set back.
    #expect(lanes.hire(at: now) == [slow.destination])
    // Where nothing waits, nothing stands still.
    _ = lanes.next(for: slow.destination, served: 1, at: now)
    #expect(lanes.hire(at: now + .seconds(100)).isEmpty)
  }

  /// For the search for a domain's servers one worker is enough, however long it takes.
  @Test func oneSearchesForServers() throws {
    var lanes = lanes(workers: 20)
    let domain = Domain("d.example")
    for _ in 0..<30 { lanes.add(.test(to: "x@d.example", for: .domain(domain), at: now), at: now) }
    #expect(lanes.hire(at: now) == [.domain(domain)])
    #expect(lanes.hire(at: now + .seconds(10)).isEmpty)
  }
}
