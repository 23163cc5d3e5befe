public import MTACore
import NIOConcurrencyHelpers

/// Threads of our own for long work on one mail: reading, converting, signing, verifying.
///
/// An event loop serves many connections, and Swift's tasks share one thread for each processor. A few long mails there would stop
/// everything, the end of the server included. Here they delay each other at most, and not for ever. Work that exceeds its processor
/// time is given up, and so is work whose caller is cancelled. Code that ignores this is abandoned with its thread, and another thread
/// takes its place.
public final class WorkBench: Sendable {
  /// The work bench of the process: a thread for each processor, and at least two.
  public static let shared = WorkBench()

  /// The number of threads that may be abandoned. Further ones keep their place, so a fault costs no more processors than that.
  private static let mostLeftBehind = 8

  private let monitor: Monitor<BenchState>

  public init(threads: Int = max(2, ProcessorTime.processors)) {
    monitor = Monitor(BenchState(places: max(1, threads)))
  }

  /// Runs `body` on a thread of the work bench, and returns on the caller's executor.
  ///
  /// - Parameters:
  ///   - mail: the mail that a trap in `body` counts for.
  ///   - bound: of processor time. Waiting does not count.
  /// - Throws: ``ProcessorTimeExceeded``; `CancellationError` at once when the caller is cancelled; the errors of `body`. In the first
  ///   two cases `body` is cancelled, and its result is dropped.
  public func run<Value: Sendable>(
    for mail: MailID? = nil, within bound: Duration, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let answer = Answer<Value>()
    let work = BenchWork(self, mail: mail, within: bound) { answer.give(.failure(ProcessorTimeExceeded(bound: bound))) }
    let task = Task(executorPreference: work) {
      do { answer.give(.success(try await body())) } catch { answer.give(.failure(error)) }
    }
    work.begun(task)
    do { return try await answer.value() } catch {
      task.cancel()
      throw error
    }
  }

  func submit(_ job: UnownedJob, of work: BenchWork) {
    var needsThread = false
    monitor.signal { state in
      state.jobs.append((job, work))
      guard state.jobs.count > state.idle, state.threads < state.places else { return true }
      state.threads += 1
      needsThread = true
      return false
    }
    if needsThread { startThread { self.serve() } }
  }

  private func serve() {
    let clock = ProcessorTime.Clock()
    while true {
      guard let next = monitor.wait(until: { _ in nil }, take: { $0.next(for: clock) }) else { continue }
      if next.isFirst { startThread { self.watch() } }
      let start = clock.now
      next.work.run(next.job)
      let isLeftBehind = monitor.withLock { state in
        if state.running.removeValue(forKey: next.seat) != nil { return false }
        state.leftBehind -= 1
        return true
      }
      // Another one has our place.
      if isLeftBehind { return }
      next.work.charge(clock.now - start)
    }
  }

  /// Checks the running work several times a second.
  private func watch() {
    while true {
      ProcessorTime.pause(milliseconds: 200)
      var exceeding: [BenchWork] = []
      var replaced = 0
      let isDone = monitor.withLock { state in
        for (seat, running) in state.running where running.work.exceeds(running.clock.now - running.start) {
          guard state.leftBehind < Self.mostLeftBehind else { continue }
          state.running[seat] = nil
          state.leftBehind += 1
          exceeding.append(running.work)
          // Its place is free; with work waiting it is taken at once.
          if state.jobs.isEmpty { state.threads -= 1 } else { replaced += 1 }
        }
        if state.running.isEmpty, state.jobs.isEmpty { state.isWatched = false }
        return !state.isWatched
      }
      for work in exceeding { work.exceed() }
      for _ in 0..<replaced { startThread { self.serve() } }
      if isDone { return }
    }
  }
}

/// Work exceeded its processor time.
public struct ProcessorTimeExceeded: Error, Hashable, Sendable, CustomStringConvertible {
  public let bound: Duration

  public init(bound: Duration) { self.bound = bound }

  public var description: String { "it takes more than \(bound) of processor time" }
}

private struct BenchState {
  struct Running {
    let work: BenchWork
    let clock: ProcessorTime.Clock
    let start: Int64
  }

  let places: Int
  var jobs: [(UnownedJob, BenchWork)] = []
  /// The number of threads that have a place.
  var threads = 0
  var idle = 0
  /// Threads that are counted as idle.
  var counted: Set<UInt64> = []
  var running: [Int: Running] = [:]
  var seats = 0
  var leftBehind = 0
  var isWatched = false

  init(places: Int) { self.places = places }

  /// The next step for the thread of this clock. Nil if there is none; the thread is then idle.
  mutating func next(for clock: ProcessorTime.Clock) -> (seat: Int, job: UnownedJob, work: BenchWork, isFirst: Bool)? {
    if jobs.isEmpty {
      if counted.insert(clock.id).inserted { idle += 1 }
      return nil
    }
    if counted.remove(clock.id) != nil { idle -= 1 }
    let (job, work) = jobs.removeFirst()
    seats += 1
    running[seats] = Running(work: work, clock: clock, start: clock.now)
    defer { isWatched = true }
    return (seats, job, work, !isWatched)
  }
}

/// One piece of work: the executor of its steps, and the time that they have taken.
final class BenchWork: TaskExecutor {
  private struct State {
    var spent: Int64 = 0
    var task: Task<Void, Never>?
    var isOver = false
  }

  private let bench: WorkBench
  private let mail: MailID?
  private let bound: Int64
  private let whenExceeded: @Sendable () -> Void
  private let state = NIOLockedValueBox(State())

  init(_ bench: WorkBench, mail: MailID?, within bound: Duration, whenExceeded: @escaping @Sendable () -> Void) {
    self.bench = bench
    self.mail = mail
    let (nanoseconds, isForEver) = bound.wholeMilliseconds.multipliedReportingOverflow(by: 1_000_000)
    self.bound = isForEver ? .max : nanoseconds
    self.whenExceeded = whenExceeded
  }

  func enqueue(_ job: consuming ExecutorJob) { bench.submit(UnownedJob(job), of: self) }

  /// Runs one step on the calling thread.
  func run(_ job: UnownedJob) {
    let executor = asUnownedTaskExecutor()
    guard let mail else { return job.runSynchronously(on: executor) }
    TrapRecord.marking(mail) { job.runSynchronously(on: executor) }
  }

  func begun(_ task: Task<Void, Never>) {
    let isOver = state.withLockedValue { state in
      state.task = task
      return state.isOver
    }
    if isOver { task.cancel() }
  }

  /// Adds the time of a step.
  func charge(_ nanoseconds: Int64) {
    let isOver = state.withLockedValue { state in
      state.spent += nanoseconds
      return state.spent > bound && !state.isOver
    }
    if isOver { exceed() }
  }

  /// Whether the work exceeds its limit with a step of this time.
  func exceeds(_ nanoseconds: Int64) -> Bool { state.withLockedValue { nanoseconds > bound - $0.spent } }

  func exceed() {
    let task = state.withLockedValue { state in
      state.isOver = true
      return state.task
    }
    whenExceeded()
    task?.cancel()
  }
}
