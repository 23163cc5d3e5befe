import NIOConcurrencyHelpers
import NIOCore

/// The queue of events for one observer, which has a thread of its own.
///
/// `tell` waits for a lock and for nothing else. Events that do not fit are dropped, and their count takes their place in the queue. So an
/// observer that blocks for ever costs one thread and the memory of ``capacity`` events.
package final class ObserverQueue<Event: Sendable>: Sendable {
  package enum Entry: Sendable {
    case event(Event)
    /// So many events were dropped here.
    case lost(Int)
  }

  /// Events that wait for the observer, at most.
  package static var capacity: Int { 4096 }

  private let inbox: ObserverInbox<Event>

  /// - Parameter observe: gives an event to the observer. It may wait and block.
  package init(capacity: Int = capacity, _ observe: @escaping @Sendable (Entry) async -> Void) {
    let (inbox, thread) = (ObserverInbox<Event>(capacity: capacity), OwnThread())
    self.inbox = inbox
    thread.start()
    Task(executorPreference: thread) {
      while let entry = await inbox.next() { await observe(entry) }
      thread.end()
    }
  }

  /// The observer still gets what is in the queue; then its thread ends.
  deinit { inbox.end() }

  /// Returns at once.
  package func tell(_ event: Event) { inbox.put(event) }

  /// Waits until the observer has seen all events. Waits in a cancelled task, too.
  ///
  /// - Returns: false if `patience` was over before.
  package func drained(within patience: Duration) async -> Bool {
    let answer = Answer<Bool>()
    inbox.whenIdle { answer.give(.success(true)) }
    let timer = Task.detached {
      try? await Task.sleep(for: patience)
      answer.give(.success(false))
    }
    defer { timer.cancel() }
    return (try? await answer.valueWhateverComes()) ?? false
  }
}

/// The events that wait for one observer.
private final class ObserverInbox<Event: Sendable>: Sendable {
  typealias Entry = ObserverQueue<Event>.Entry

  private struct State {
    let capacity: Int
    var entries = CircularBuffer<Entry>()
    /// The observer's task, waiting for an event.
    var waiting: CheckedContinuation<Entry?, Never>?
    var whenIdle: [@Sendable () -> Void] = []
    var isOver = false

    mutating func append(_ event: Event) {
      guard entries.count >= capacity else { return entries.append(.event(event)) }
      guard case .lost(let count)? = entries.last else { return entries.append(.lost(1)) }
      entries[entries.index(before: entries.endIndex)] = .lost(count + 1)
    }
  }

  private let state: NIOLockedValueBox<State>

  init(capacity: Int) { state = NIOLockedValueBox(State(capacity: max(1, capacity))) }

  func put(_ event: Event) {
    let waiting = state.withLockedValue { state in
      if let waiting = state.waiting.take() { return waiting as CheckedContinuation<Entry?, Never>? }
      state.append(event)
      return nil
    }
    waiting?.resume(returning: .event(event))
  }

  /// Nil at the end.
  func next() async -> Entry? {
    if let entry = state.withLockedValue({ $0.entries.popFirst() }) { return entry }
    return await withCheckedContinuation { continuation in
      let (answer, idle) = state.withLockedValue { state -> (Entry??, [@Sendable () -> Void]) in
        if let entry = state.entries.popFirst() { return (.some(entry), []) }
        defer { state.whenIdle = [] }
        if state.isOver { return (.some(nil), state.whenIdle) }
        state.waiting = continuation
        return (nil, state.whenIdle)
      }
      for body in idle { body() }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  /// Calls `body` once the observer has seen all events.
  func whenIdle(_ body: @escaping @Sendable () -> Void) {
    let isIdle = state.withLockedValue { state in
      if state.waiting != nil { return true }
      state.whenIdle.append(body)
      return false
    }
    if isIdle { body() }
  }

  func end() {
    let waiting = state.withLockedValue { state in
      state.isOver = true
      return state.waiting.take()
    }
    waiting?.resume(returning: nil)
  }
}
