import MTASystem
import NIOCore

/// A task executor with one thread, which does something more after all that was ready: it sends the answers that the tasks gave.
final class LinkThread: TaskExecutor {
  private struct Jobs {
    var waiting: [UnownedJob] = []
    var isOver = false
  }

  private let jobs = Monitor(Jobs())
  private let after: @Sendable () -> Void

  init(after: @escaping @Sendable () -> Void) { self.after = after }

  func start() { startThread { self.serve() } }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.signal { jobs in
      jobs.waiting.append(job)
      return jobs.waiting.count == 1
    }
  }

  /// The thread ends once its last task did; the tasks must not be left behind.
  func end() {
    jobs.withLock { $0.isOver = true }
    jobs.wakeAll()
  }

  private func serve() {
    while true {
      let ready: [UnownedJob]? =
        jobs.wait(
          until: { _ in nil },
          take: { jobs -> [UnownedJob]?? in
            if !jobs.waiting.isEmpty {
              defer { jobs.waiting = [] }
              return jobs.waiting
            }
            return jobs.isOver ? .some(nil) : nil
          }) ?? nil
      guard let ready else { return }
      for job in ready { job.runSynchronously(on: asUnownedTaskExecutor()) }
      after()
    }
  }
}
