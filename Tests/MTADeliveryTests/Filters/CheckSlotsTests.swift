import NIOConcurrencyHelpers
import NIOPosix
import SuiteTurns
import Testing

@testable import MTADelivery

@Suite(.endsHangs)
struct CheckSlotsTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.any()

  @Test func noMoreThanThereAreAndAllInTheEnd() async {
    let slots = CheckSlots(3)
    let now = NIOLockedValueBox((running: 0, most: 0, done: 0))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          guard await slots.take(within: .seconds(60), on: loop) else { return }
          now.withLockedValue {
            $0.running += 1
            $0.most = max($0.most, $0.running)
          }
          await Task.yield()
          now.withLockedValue {
            $0.running -= 1
            $0.done += 1
          }
          slots.release()
        }
      }
    }
    let result = now.withLockedValue { $0 }
    #expect(result.most <= 3)
    #expect(result.done == 50)
  }

  @Test func whoeverGivesUpTakesNoSlotAlong() async {
    let slots = CheckSlots(1)
    #expect(await slots.take(within: .seconds(60), on: loop))
    #expect(await slots.take(within: .milliseconds(1), on: loop) == false)
    let cancelled = Task { await slots.take(within: .seconds(60), on: loop) }
    cancelled.cancel()
    #expect(await cancelled.value == false)
    let patient = Task { await slots.take(within: .seconds(60), on: loop) }
    slots.release()
    #expect(await patient.value)
    #expect(await slots.take(within: .milliseconds(1), on: loop) == false)
    slots.release()
    #expect(await slots.take(within: .milliseconds(1), on: loop))
  }
}
