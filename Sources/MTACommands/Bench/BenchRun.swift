import MTACore
import MTASystem
import MTATLS
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A load from begin to end.
struct BenchRun {
  /// What it came to.
  struct Finding {
    var tally: BenchTally
    var elapsed: Duration
    /// Processor time of this program meanwhile.
    var processor: Duration
  }

  let plan: BenchPlan

  /// - Parameter watch: told ten times a second how many mails are settled and failed, and for how long it runs.
  /// - Throws: when TLS cannot be set up.
  func run(_ watch: @escaping @Sendable (_ settled: Int, _ failed: Int, _ elapsed: Duration) -> Void) async throws
    -> Finding
  {
    let tls: TLSContext? =
      plan.protection == .none ? nil : try .client(verification: plan.isLoopback ? .none : .full)
    var generator = SystemRandomNumberGenerator()
    let mail = BenchMail(
      plan, run: String(UInt64.random(in: .min ... .max, using: &generator), radix: 36), now: SystemClock().now)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
    let (start, before) = (ContinuousClock.now, Self.processorTime)
    let turns = BenchTurns(plan, start: start)
    Interruption.begin()
    let watcher = Task {
      while !Task.isCancelled {
        try await Task.sleep(for: .milliseconds(100))
        if Interruption.isWanted { turns.stop() }
        let (settled, failed) = turns.progress
        watch(settled, failed, start.duration(to: .now))
      }
    }
    defer {
      watcher.cancel()
      Interruption.end()
    }
    let slots = (0..<plan.sessions).map { _ in BenchSlot(plan, mail, turns, on: group.next(), tls: tls) }
    let tally = try await withThrowingTaskGroup(of: BenchTally.self) { tasks in
      for slot in slots { tasks.addTask { try await slot.run() } }
      var sum = BenchTally()
      for try await tally in tasks { sum.add(tally) }
      return sum
    }
    let finding = Finding(
      tally: tally, elapsed: start.duration(to: .now), processor: Self.processorTime - before)
    try await group.shutdownGracefully()
    return finding
  }

  /// Of this process, in its own code and in the system's.
  private static var processorTime: Duration {
    var usage = rusage()
    // RUSAGE_SELF, which Glibc shows as another type than getrusage takes.
    getrusage(0, &usage)
    let times = [usage.ru_utime, usage.ru_stime]
    return times.reduce(.zero) { $0 + .seconds(Int64($1.tv_sec)) + .microseconds(Int64($1.tv_usec)) }
  }
}

/// The first SIGINT lets the mails under way be settled, and what was counted be told; the second one ends the program.
private enum Interruption {
  private static let wish = Atomic(false)

  static var isWanted: Bool { wish.load(ordering: .relaxed) }

  static func begin() {
    // Made here, for the handler may only set it.
    wish.store(false, ordering: .relaxed)
    signal(SIGINT) { _ in
      Interruption.wish.store(true, ordering: .relaxed)
      signal(SIGINT, SIG_DFL)
    }
  }

  static func end() { signal(SIGINT, SIG_DFL) }
}
