import NIOConcurrencyHelpers

/// Holds whoever waits until it is opened, for good.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var arrived = 0
    var held: [CheckedContinuation<Void, Never>] = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = NIOLockedValueBox(State())

  func wait() async {
    await withCheckedContinuation { continuation in
      let (isOpen, watchers) = state.withLockedValue { state in
        state.arrived += 1
        if !state.isOpen { state.held.append(continuation) }
        let due = state.watchers.filter { $0.count <= state.arrived }
        state.watchers.removeAll { $0.count <= state.arrived }
        return (state.isOpen, due)
      }
      for watcher in watchers { watcher.continuation.resume() }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let held = state.withLockedValue { state in
      state.isOpen = true
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  /// Returns when so many have come to ``wait()``.
  func waiters(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isDue = state.withLockedValue { state in
        if state.arrived < count { state.watchers.append((count, continuation)) }
        return state.arrived >= count
      }
      if isDue { continuation.resume() }
    }
  }
}
