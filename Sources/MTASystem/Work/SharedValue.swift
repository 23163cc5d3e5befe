import NIOConcurrencyHelpers

/// A value that is made once, when it is first needed, for all tasks that need it. A task that is cancelled stops waiting. If no task
/// waits any more, the making is cancelled, and begins anew for the next task.
package final class SharedValue<Value: Sendable>: Sendable {
  private struct Making {
    var task: Task<Void, Never>?
    var waiting: [Int: Answer<Value>] = [:]
  }

  private enum State {
    case none
    case making(number: Int, Making)
    case made(Result<Value, any Error>)
  }

  private let state = NIOLockedValueBox<(state: State, count: Int)>((.none, 0))

  package init() {}

  /// - Parameters:
  ///   - executor: runs the making; nil for the global one.
  ///   - make: called for the first task that needs the value.
  package func value(
    on executor: (any TaskExecutor)? = nil, _ make: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let answer = Answer<Value>()
    let (number, begins) = state.withLockedValue { shared -> (Int, Int?) in
      shared.count += 1
      let number = shared.count
      switch shared.state {
      case .made(let result):
        answer.give(result)
        return (number, nil)
      case .making(let making, var rest):
        rest.waiting[number] = answer
        shared.state = .making(number: making, rest)
        return (number, nil)
      case .none:
        shared.state = .making(number: number, Making(waiting: [number: answer]))
        return (number, number)
      }
    }
    if let begins {
      let task = Task(executorPreference: executor) {
        let result: Result<Value, any Error>
        do { result = .success(try await make()) } catch { result = .failure(error) }
        self.made(result, by: begins)
      }
      let isWanted = state.withLockedValue { shared in
        switch shared.state {
        case .making(begins, var making):
          making.task = task
          shared.state = .making(number: begins, making)
          return true
        case .made: return true
        default: return false
        }
      }
      if !isWanted { task.cancel() }
    }
    do { return try await answer.value() } catch {
      if error is CancellationError { leave(number) }
      throw error
    }
  }

  private func made(_ result: Result<Value, any Error>, by number: Int) {
    let waiting: [Answer<Value>] = state.withLockedValue { shared in
      guard case .making(number, let making) = shared.state else { return [] }
      shared.state = .made(result)
      return Array(making.waiting.values)
    }
    for answer in waiting { answer.give(result) }
  }

  private func leave(_ number: Int) {
    let task: Task<Void, Never>? = state.withLockedValue { shared in
      guard case .making(let making, var rest) = shared.state else { return nil }
      rest.waiting[number] = nil
      if rest.waiting.isEmpty {
        shared.state = .none
        return rest.task
      }
      shared.state = .making(number: making, rest)
      return nil
    }
    task?.cancel()
  }
}
