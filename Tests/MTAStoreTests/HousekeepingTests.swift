import MTASystem
import Testing

@testable import MTAStore

@Suite struct HousekeepingTests {
  private func instant(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
  }

  @Test func checkpointsWaitForIdlenessUnlessTheLogIsLong() {
    var house = Housekeeping(now: instant(0), historyDelay: .seconds(1))
    #expect(house.committed(pagesInLog: 10, at: instant(0)) == nil)
    #expect(house.nextIdle == instant(1000))
    #expect(house.takeIdleTask(at: instant(1000)) == .history)
    house.historyRemoved(more: false, at: instant(1000))
    #expect(house.nextIdle == instant(30_000))
    #expect(house.committed(pagesInLog: 1000, at: instant(2000)) == nil)
    #expect(house.nextIdle == instant(2100))
    #expect(house.takeIdleTask(at: instant(2099)) == nil)
    #expect(house.takeIdleTask(at: instant(2100)) == .checkpoint)
    house.checkpointed()
    #expect(house.nextIdle == instant(601_000))
    #expect(house.committed(pagesInLog: 5095, at: instant(3000)) == nil)
    #expect(house.committed(pagesInLog: 5096, at: instant(3001)) == .checkpoint)
    house.checkpointed()
    // The log began anew.
    #expect(house.committed(pagesInLog: 7, at: instant(4000)) == nil)
    #expect(house.nextIdle == instant(34_000))
  }

  @Test func muchHistoryGoesSliceBySlice() {
    var house = Housekeeping(now: instant(0), historyDelay: .seconds(1))
    house.historyRemoved(more: true, at: instant(1000))
    #expect(house.nextIdle == instant(1100))
    #expect(house.takeIdleTask(at: instant(1100)) == .history)
  }

  @Test func onlyAnOvergrownLogIsCut() {
    var house = Housekeeping(now: instant(0), historyDelay: .seconds(1))
    _ = house.committed(pagesInLog: 65_536, at: instant(0))
    #expect(!house.logIsLarge)
    _ = house.committed(pagesInLog: 65_537, at: instant(0))
    #expect(house.logIsLarge)
  }
}
