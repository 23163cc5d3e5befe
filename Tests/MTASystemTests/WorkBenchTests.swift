import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

/// Threads for what takes long with one mail.
struct WorkBenchTests {
  @Test func whatTakesTooMuchProcessorTimeIsGivenUpAndOthersGoOn() async throws {
    let bench = WorkBench(threads: 1)
    let deaf = DeafWork()
    await #expect(throws: ProcessorTimeExceeded(bound: .milliseconds(20))) {
      try await bench.run(within: .milliseconds(20)) { deaf.work() }
    }
    // Its thread is still taken, and another has its place.
    #expect(try await bench.run(within: .seconds(600)) { 7 } == 7)
    deaf.letGo()
  }

  @Test func theStepsOfOneWorkAddUp() async throws {
    let wasCancelled = NIOLockedValueBox(false)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    await #expect(throws: ProcessorTimeExceeded.self) {
      try await WorkBench(threads: 2).run(within: .milliseconds(50)) {
        await untilCancelled()
        wasCancelled.withLockedValue { $0 = true }
        ended.yield()
      }
    }
    for await _ in ends { break }
    #expect(wasCancelled.withLockedValue { $0 })
  }

  @Test func whoIsCancelledWaitsNoLonger() async throws {
    let bench = WorkBench(threads: 1)
    let deaf = DeafWork()
    let caller = Task { try await bench.run(within: .seconds(600)) { deaf.work() } }
    await deaf.hasBegun()
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    deaf.letGo()
  }

  @Test func moreWorkThanThreadsIsAllDone() async throws {
    let bench = WorkBench(threads: 2)
    let sum = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 1...200 {
        group.addTask {
          try await bench.run(within: .seconds(600)) {
            await Task.yield()
            return number
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sum == 20_100)
  }

  @Test func anErrorIsTheCallers() async throws {
    struct Odd: Error {}
    await #expect(throws: Odd.self) { try await WorkBench(threads: 1).run(within: .seconds(600)) { throw Odd() } }
  }
}

struct SharedValueTests {
  @Test func itIsMadeOnceForAll() async throws {
    let shared = SharedValue<Int>()
    let made = NIOLockedValueBox(0)
    let values = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 {
        group.addTask {
          try await shared.value {
            await Task.yield()
            return made.withLockedValue {
              $0 += 1
              return $0
            }
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(values == Array(repeating: 1, count: 20))
  }

  @Test func whenNobodyWaitsAnyMoreItIsCancelledAndBeginsAnew() async throws {
    let shared = SharedValue<Int>()
    let (begun, begins) = AsyncStream.makeStream(of: Void.self)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    let first = Task {
      try await shared.value {
        begins.yield()
        await untilCancelled()
        ended.yield()
        return 1
      }
    }
    for await _ in begun { break }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    for await _ in ends { break }
    #expect(try await shared.value { 2 } == 2)
  }
}

/// Takes a processor until its task is cancelled; 20 minutes at most.
private func untilCancelled() async {
  let clock = ContinuousClock()
  let end = clock.now + .seconds(1200)
  while !Task.isCancelled, clock.now < end { await Task.yield() }
}
