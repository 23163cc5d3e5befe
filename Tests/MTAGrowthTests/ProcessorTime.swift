import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs asynchronous work to its end on the thread that calls, so that what it costs is that thread's processor time, whatever else
/// the machine does.
final class OneThread: TaskExecutor, Sendable {
  private let jobs = Mutex<[UnownedJob]>([])
  private let signal = DispatchSemaphore(value: 0)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    signal.signal()
  }

  /// - Returns: nanoseconds of this thread's processor time.
  static func time(_ work: @escaping () async throws -> Void) throws -> UInt64 {
    let thread = OneThread()
    nonisolated(unsafe) let work = work
    let end = Mutex<Result<Void, any Error>?>(nil)
    let before = now()
    let task = Task(executorPreference: thread) { try await work() }
    Task(executorPreference: thread) { [thread] in
      let result = await task.result
      end.withLock { $0 = result }
      thread.signal.signal()
    }
    while true {
      if let result = end.withLock({ $0 }) {
        try result.get()
        return now() - before
      }
      thread.signal.wait()
      let next = thread.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      next?.runSynchronously(on: thread.asUnownedTaskExecutor())
    }
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
