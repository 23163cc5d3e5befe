import NIOCore

/// Runs a worker's steps on the event loop of its connection, so that no step of the dialogue crosses a thread.
///
/// What would hold the loop up is made elsewhere: signatures, adopters' hooks, files and the store have threads of their own.
final class LoopExecutor: TaskExecutor {
  let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
