import MTACore
import Testing

@testable import MTADelivery

/// How the places for workers are taken, and which numbers that goes by.
struct StaffingTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)

  private func lanes(workers: Int) -> Lanes {
    Lanes(
      LanePolicy(workers: workers, memory: 4000),
      DestinationLimits(standard: DestinationLimit(), domains: DomainTable()))
  }

  @Test func placesAreSpareThenTightThenShort() {
    var lanes = lanes(workers: 10)
    var seen: [Staffing] = [lanes.staffing]
    func add(_ number: Int) { lanes.add(.test("m\(number)", for: .local, at: now), at: now) }
    // One worker for each five mails of local mail, which is trusted.
    for number in 0..<50 {
      add(number)
      _ = lanes.hire(at: now)
      if seen.last != lanes.staffing { seen.append(lanes.staffing) }
      if lanes.workers == 5 { #expect(lanes.staffing == .spare) }
      if lanes.workers == 6 { #expect(lanes.staffing == .tight) }
      // Slow start: each success lets another in.
      _ = lanes.learn(.local, Attempt([RecipientResult(.delivered, "250 ok")]), at: now)
    }
    #expect(lanes.workers == 10)
    #expect(seen == [.spare, .tight])
    lanes.add(.test("other", for: .exchangers("mx"), at: now), at: now)
    #expect(lanes.staffing == .short)
    lanes.left(.local)
    #expect(lanes.staffing == .tight)
  }

  /// Of all workers, those of unknown destinations, and further ones of them.
  @Test func sharesFollowFromWhatIsSet() {
    for (workers, unproven, further, standby) in [(200, 160, 40, 100), (10, 8, 2, 5), (1, 1, 0, 1), (0, 1, 0, 1)] {
      let policy = LanePolicy(workers: workers)
      #expect(policy.unprovenWorkers == unproven && policy.unprovenFurtherWorkers == further)
      #expect(policy.standbyWorkers == standby)
    }
    let policy = LanePolicy(memory: 1000)
    #expect([policy.share, policy.claim, policy.intake, policy.excess] == [250, 250, 500, 8000])
    #expect([policy.leastKept, policy.mostKept] == [500, 4000])
    #expect(LanePolicy(memory: 1).share == 1)
  }
}
