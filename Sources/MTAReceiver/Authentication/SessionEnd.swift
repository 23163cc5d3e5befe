import NIOConcurrencyHelpers

/// What is to be called when a session is over. Added from any thread.
final class SessionEnd: Sendable {
  /// Nil when it is over.
  private let bodies = NIOLockedValueBox<[@Sendable () -> Void]?>([])

  /// Calls it at once if the session is over.
  func add(_ body: @escaping @Sendable () -> Void) {
    let isOver = bodies.withLockedValue { bodies in
      bodies?.append(body)
      return bodies == nil
    }
    if isOver { body() }
  }

  func come() {
    let due = bodies.withLockedValue { bodies in
      defer { bodies = nil }
      return bodies ?? []
    }
    for body in due { body() }
  }
}
