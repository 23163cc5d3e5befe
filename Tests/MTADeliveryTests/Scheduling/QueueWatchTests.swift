import MTACore
import Testing

@testable import MTADelivery

/// When the queue is looked at again.
struct QueueWatchTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)

  /// A claim that leaves lanes out, how long it took, and from when on the next may be made.
  @Test(arguments: [
    (0, 0, 1000), (5, 0, 250), (0, 90, 1000), (5, 90, 900), (0, 300, 3000), (5, 2000, 5000),
  ]) func searchesKeepTheirDistance(_ found: Int, _ took: Int, _ pause: Int) {
    var watch = QueueWatch(LanePolicy())
    #expect(watch.maySearch(at: now))
    watch.claimed(found, leavesOut: true, took: .milliseconds(took), at: now)
    #expect(!watch.maySearch(at: now + .milliseconds(pause - 1)))
    #expect(watch.maySearch(at: now + .milliseconds(pause)))
    // The time of day was set back.
    #expect(watch.maySearch(at: now - .seconds(6)))
    watch.claimed(found, leavesOut: false, took: .milliseconds(took), at: now)
    #expect(watch.maySearch(at: now) && watch.nextSearch == nil)
  }

  @Test func theNextDueTimeIsNotAskedForEachMail() async throws {
    var watch = QueueWatch(LanePolicy())
    var asked = 0
    func look(_ remainder: ClaimRemainder = .nothing, after milliseconds: Int, due: Timestamp?) async throws -> Duration
    {
      let time = now + .milliseconds(milliseconds)
      return try await watch.look(after: remainder, at: time) { () throws(StoreFailure) in
        asked += 1
        return due
      } - time
    }
    #expect(try await look(after: 0, due: nil) == .seconds(60))
    #expect(try await look(after: 400, due: now) == .milliseconds(600))
    #expect(asked == 1)
    #expect(try await look(after: 1000, due: now + .seconds(5)) == .seconds(4))
    #expect(asked == 2)
    // What was left comes when there is room.
    for remainder in [ClaimRemainder.inLanesLeftOut, .something] {
      #expect(try await look(remainder, after: 3000, due: now) == .seconds(60))
    }
    #expect(asked == 2)
  }

  @Test func leasesAreRenewedEachThirdOfTheirTime() {
    var watch = QueueWatch(LanePolicy())
    var renewals: [Int] = []
    for look in 1...10 where watch.isRenewal(after: .seconds(2), lease: .seconds(18)) {
      renewals.append(look)
      watch.renewed()
    }
    #expect(renewals == [3, 6, 9])
  }

  @Test func changesAreNoticedOnce() {
    var watch = QueueWatch(LanePolicy())
    #expect([nil, 1, 1, 2, 2, nil].map { watch.isNew($0) } == [false, true, false, true, false, true])
  }
}
