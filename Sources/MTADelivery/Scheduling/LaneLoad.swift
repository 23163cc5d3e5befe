/// How much waits for a destination, and what that means for the queue.
enum LaneLoad: Int, Hashable, Sendable, Comparable {
  /// There is room: mail comes as it is due.
  case open
  /// A destination's share of memory is taken. No more is taken from the queue for it; what waits takes no room from others.
  case full
  /// What waits is more than the next seconds will see to. The same.
  case slow
  /// It is so much that more had better wait in the queue: what comes nevertheless goes back.
  case tooMuch

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
