import NIOCore

/// A task executor with one thread. Its tasks may block, because the thread serves no others.
package final class OwnThread: TaskExecutor {
  private struct Jobs {
    var waiting = CircularBuffer<UnownedJob>()
    var isOver = false
  }

  private enum Turn {
    case run(UnownedJob)
    case end
  }

  private let jobs = Monitor(Jobs())

  package init() {}

  package func start() { startThread { self.serve() } }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.signal { jobs in
      jobs.waiting.append(job)
      return true
    }
  }

  /// The thread ends when its jobs are done.
  package func end() {
    jobs.signal { jobs in
      jobs.isOver = true
      return true
    }
  }

  private func serve() {
    while case .run(let job)? = jobs.wait(
      until: { _ in nil },
      take: { jobs in jobs.waiting.popFirst().map { .run($0) } ?? (jobs.isOver ? Turn.end : nil) })
    { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
