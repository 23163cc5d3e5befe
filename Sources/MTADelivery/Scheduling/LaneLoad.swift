/// How much mail waits for a destination, and what the queue should do.
enum LaneLoad: Int, Hashable, Sendable, Comparable {
  /// There is room: mail comes when it is due.
  case open
  /// The destination's share of memory is used up. No more mail is claimed for it, and its mail takes no room from others.
  case full
  /// More mail waits than moves in the next seconds. As ``full``.
  case slow
  /// So much waits that more mail should stay in the queue. Mail that still comes goes back.
  case tooMuch

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
