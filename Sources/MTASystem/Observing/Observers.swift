/// All observers of one kind of event: those of the program, each behind an ``ObserverQueue``, and taps, which are called in place.
package struct Observers<Event: Sendable>: Sendable {
  /// Is called where the event happens, on an event loop perhaps. For code of this package alone, which returns at once. It gets all
  /// events, in their order.
  package struct Tap: Sendable {
    let watchesDialogue: Bool
    let tell: @Sendable (Event) -> Void
    /// It gets the lines of dialogues alone, and these while the switch is on. Nil: it gets all events.
    let onlyWhile: DialogueSwitch?

    package init(watchesDialogue: Bool = false, _ tell: @escaping @Sendable (Event) -> Void) {
      self.watchesDialogue = watchesDialogue
      self.tell = tell
      onlyWhile = nil
    }

    /// Gets nothing but lines of dialogues. While the switch is off it costs a look at it.
    package init(dialogueWhile isOn: DialogueSwitch, _ tell: @escaping @Sendable (Event) -> Void) {
      watchesDialogue = true
      self.tell = tell
      onlyWhile = isOn
    }
  }

  private struct Queued: Sendable {
    let queue: ObserverQueue<Event>
    let watchesDialogue: Bool
  }

  private var taps: [Tap] = []
  private var queued: [Queued] = []
  /// Those with a switch.
  private var switched: [(isOn: DialogueSwitch, tell: @Sendable (Event) -> Void)] = []
  /// There are no observers, so no event needs to be made. Taps with a switch do not count.
  package private(set) var isEmpty = true
  /// An observer wants each line of the dialogues, always.
  private var alwaysWatchesDialogue = false

  /// An observer wants each line of the dialogues now.
  package var watchesDialogue: Bool { alwaysWatchesDialogue || switched.contains { $0.isOn.isOn } }
  /// An observer wants them now, or may want them later.
  package var mayWatchDialogue: Bool { alwaysWatchesDialogue || !switched.isEmpty }

  package init() {}

  package mutating func add(_ tap: Tap) {
    if let isOn = tap.onlyWhile { return switched.append((isOn, tap.tell)) }
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
    alwaysWatchesDialogue = alwaysWatchesDialogue || watches
  }

  package func tell(_ event: Event) {
    for tap in taps { tap.tell(event) }
    for one in queued { one.queue.tell(event) }
  }

  /// An event that is a line of a dialogue.
  package func tellDialogue(_ event: Event) {
    for tap in taps where tap.watchesDialogue { tap.tell(event) }
    for one in queued where one.watchesDialogue { one.queue.tell(event) }
    for one in switched where one.isOn.isOn { one.tell(event) }
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
