/// All observers of one kind of event: those of the program, each behind an ``ObserverQueue``, and taps, which are called in place.
package struct Observers<Event: Sendable>: Sendable {
  /// Is called where the event happens, on an event loop perhaps. For code of this package alone, which returns at once. It gets all
  /// events, in their order.
  package struct Tap: Sendable {
    let watchesDialogue: Bool
    let tell: @Sendable (Event) -> Void

    package init(watchesDialogue: Bool = false, _ tell: @escaping @Sendable (Event) -> Void) {
      self.watchesDialogue = watchesDialogue
      self.tell = tell
    }
  }

  private struct Queued: Sendable {
    let queue: ObserverQueue<Event>
    let watchesDialogue: Bool
  }

  private var taps: [Tap] = []
  private var queued: [Queued] = []
  /// There are no observers, so no event needs to be made.
  package private(set) var isEmpty = true
  /// An observer wants each line of the dialogues.
  package private(set) var watchesDialogue = false

  package init() {}

  package mutating func add(_ tap: Tap) {
    taps.append(tap)
    note(tap.watchesDialogue)
  }

  package mutating func add(
    watchesDialogue: Bool, capacity: Int = ObserverQueue<Event>.capacity,
    _ observe: @escaping @Sendable (ObserverQueue<Event>.Entry) async -> Void
  ) {
    queued.append(Queued(queue: ObserverQueue(capacity: capacity, observe), watchesDialogue: watchesDialogue))
    note(watchesDialogue)
  }

  private mutating func note(_ watches: Bool) {
    isEmpty = false
    watchesDialogue = watchesDialogue || watches
  }

  package func tell(_ event: Event) {
    for tap in taps { tap.tell(event) }
    for one in queued { one.queue.tell(event) }
  }

  /// An event that is a line of a dialogue.
  package func tellDialogue(_ event: Event) {
    for tap in taps where tap.watchesDialogue { tap.tell(event) }
    for one in queued where one.watchesDialogue { one.queue.tell(event) }
  }

  /// How long the end of a server or of a run waits for observers that are behind.
  package static var patience: Duration { .seconds(5) }

  /// Waits until all observers have seen all events, or `patience` is over.
  package func drained(within patience: Duration = patience) async {
    await withTaskGroup(of: Void.self) { group in
      for one in queued { group.addTask { _ = await one.queue.drained(within: patience) } }
    }
  }
}
