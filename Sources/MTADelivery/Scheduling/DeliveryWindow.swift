/// How many deliveries a destination is given at a time, by how they go: a value that learns.
///
/// Slow start: from ``initial`` on, each delivery that goes well adds one, up to the first trouble. Trouble (no connection, one
/// that breaks, a server that says it is busy) halves it; from then on a whole window of good deliveries adds one. So a
/// server finds the number that it can stand, and one that cannot stand any is asked by one worker at a time.
struct DeliveryWindow: Hashable, Sendable {
  private static let initial = 5

  let maximum: Int
  private(set) var size: Int
  /// Above it the window grows slowly; nil before the first trouble.
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
