import NIOConcurrencyHelpers

/// A value that another task gives once, or an error. A waiter that is cancelled stops waiting.
package final class Answer<Value: Sendable>: Sendable {
  private enum State {
    case open
    case awaited(CheckedContinuation<Value, any Error>)
    case given(Result<Value, any Error>)
  }

  private let state = NIOLockedValueBox(State.open)

  package init() {}

  /// The first result counts.
  package func give(_ result: Result<Value, any Error>) {
    let waiting: CheckedContinuation<Value, any Error>? = state.withLockedValue { state in
      switch state {
      case .open:
        state = .given(result)
        return nil
      case .awaited(let continuation):
        state = .given(result)
        return continuation
      case .given: return nil
      }
    }
    waiting?.resume(with: result)
  }

  /// Call it once. Throws the given error, or `CancellationError`.
  package func value() async throws -> Value {
    try await withTaskCancellationHandler {
      try await valueWhateverComes()
    } onCancel: {
      give(.failure(CancellationError()))
    }
  }

  /// The same, even if the caller is cancelled.
  package func valueWhateverComes() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result: Result<Value, any Error>? = state.withLockedValue { state in
        if case .given(let result) = state { return result }
        state = .awaited(continuation)
        return nil
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
