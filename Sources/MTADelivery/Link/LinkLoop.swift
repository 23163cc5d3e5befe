import NIOCore

/// Where a connection to a server lives: the executor that its mails are carried on, and its alarm.
package protocol LinkLoop: TaskExecutor {
  /// Time since some fixed instant.
  var now: Duration { get }
  /// Calls `body` at this time, on the loop.
  ///
  /// - Returns: what calls that off.
  func wake(at time: Duration, _ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void
}

extension LoopExecutor: LinkLoop {
  var now: Duration { .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }

  func wake(at time: Duration, _ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
    let timer = loop.scheduleTask(in: TimeAmount(time - now), body)
    return { timer.cancel() }
  }
}
