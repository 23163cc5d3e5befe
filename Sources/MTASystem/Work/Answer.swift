import NIOConcurrencyHelpers

/// A value that comes once, from elsewhere, or an error in its place; who waits and is cancelled waits no longer.
package final class Answer<Value: Sendable>: Sendable {
  private enum State {
    case open
    case awaited(CheckedContinuation<Value, any Error>)
    case given(Result<Value, any Error>)
  }

  private let state = NIOLockedValueBox(State.open)

  package init() {}

  /// The first one counts.
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

  /// For one caller. Throws what was given, or `CancellationError`.
  package func value() async throws -> Value {
    try await withTaskCancellationHandler {
      try await valueWhateverComes()
    } onCancel: {
      give(.failure(CancellationError()))
    }
  }

  /// The same, though the caller is cancelled.
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
