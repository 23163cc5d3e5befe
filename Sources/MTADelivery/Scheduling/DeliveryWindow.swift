/// How many deliveries a destination may have at a time. It learns from their results.
///
/// Slow start: from ``initial`` on, each success adds one, until the first trouble. Trouble halves the window: no connection, one that
/// breaks, a server that says it is busy. After that a whole window of successes adds one. So each server gets the number that it can
/// take, and a server that can take none is tried by one worker at a time.
struct DeliveryWindow: Hashable, Sendable {
  private static let initial = 5

  let maximum: Int
  private(set) var size: Int
  /// Above this the window grows slowly; nil before the first trouble.
  private var threshold: Int?
  private var wentWell = 0

  init(maximum: Int) {
    self.maximum = max(1, maximum)
    size = min(Self.initial, self.maximum)
  }

  mutating func succeeded() {
    guard size < maximum else { return }
    wentWell += 1
    guard let threshold, size >= threshold else {
      size += 1
      return
    }
    if wentWell >= size {
      size += 1
      wentWell = 0
    }
  }

  mutating func troubled() {
    size = max(1, size / 2)
    threshold = size
    wentWell = 0
  }
}
