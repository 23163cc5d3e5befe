import NIOConcurrencyHelpers

/// A value that another thread delivers once.
final class OneShot<Value: Sendable>: Sendable {
  private enum State {
    case pending([@Sendable (Value) -> Void])
    case done(Value)
  }

  private let state = NIOLockedValueBox(State.pending([]))

  func fulfil(_ value: Value) {
    let waiting: [@Sendable (Value) -> Void] = state.withLockedValue { state in
      guard case .pending(let waiting) = state else { return [] }
      state = .done(value)
      return waiting
    }
    for body in waiting { body(value) }
  }

  /// Calls `body` with the value: at once if it is there, else on the thread that delivers it.
  func whenFulfilled(_ body: @escaping @Sendable (Value) -> Void) {
    let value: Value? = state.withLockedValue { state in
      switch state {
      case .done(let value): return value
      case .pending(let waiting):
        state = .pending(waiting + [body])
        return nil
      }
    }
    if let value { body(value) }
  }

  func value() async -> Value {
    await withCheckedContinuation { continuation in whenFulfilled { continuation.resume(returning: $0) } }
  }
}
