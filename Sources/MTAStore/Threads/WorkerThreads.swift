import MTASystem

/// A fixed number of threads for calls that block. Jobs start in the order in which they were given.
final class WorkerThreads: Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var next = 0
    var closing = false
    var threads: Int
    var whenEnded: [@Sendable () -> Void] = []

    mutating func take() -> (@Sendable () -> Void)? {
      guard next < jobs.count else { return nil }
      defer {
        next += 1
        // The taken front is dropped now and then, not each time.
        if next == jobs.count || next > 1024 {
          jobs.removeFirst(next)
          next = 0
        }
      }
      return jobs[next]
    }
  }

  private enum Turn {
    case job(@Sendable () -> Void)
    case end
  }

  private let monitor: Monitor<State>

  init(count: Int) {
    monitor = Monitor(State(threads: max(count, 1)))
    for _ in 0..<max(count, 1) {
      startThread { [monitor] in
        while true {
          let turn: Turn? = monitor.wait(until: { _ in nil }) { state in
            state.take().map(Turn.job) ?? (state.closing ? .end : nil)
          }
          guard case .job(let job)? = turn else { break }
          job()
        }
        let waiting: [@Sendable () -> Void] = monitor.withLock { state in
          state.threads -= 1
          return state.threads == 0 ? state.whenEnded : []
        }
        for done in waiting { done() }
      }
    }
  }

  deinit { close {} }

  /// Runs `body` on one of the threads. After ``close(_:)`` it runs `late` instead, on the caller's thread; without `late` it runs
  /// `body`.
  @discardableResult
  func start<Value: Sendable>(
    late: (() -> Value)? = nil, _ body: @escaping @Sendable () -> Value
  ) -> OneShot<Value> {
    let answer = OneShot<Value>()
    var refused = false
    monitor.signal { state in
      refused = state.closing
      if !refused { state.jobs.append({ answer.fulfil(body()) }) }
      return !refused
    }
    if refused { answer.fulfil(late?() ?? body()) }
    return answer
  }

  /// Ends the threads when started jobs are done, then calls `done`.
  func close(_ done: @escaping @Sendable () -> Void) {
    let isOver: Bool = monitor.withLock { state in
      state.closing = true
      if state.threads > 0 { state.whenEnded.append(done) }
      return state.threads == 0
    }
    monitor.wakeAll()
    if isOver { done() }
  }
}
