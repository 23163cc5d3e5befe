import NIOCore

/// Runs a worker's steps on the event loop of its connection, so all steps of the dialogue stay on one thread.
///
/// Work that would block the loop has threads of its own: signatures, adopters' hooks, files and the store.
final class LoopExecutor: TaskExecutor {
  let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
