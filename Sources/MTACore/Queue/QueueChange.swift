/// What an operator does to copies of the queue (``ServerStore/change(_:_:after:limit:)``).
public enum QueueChange: Hashable, Sendable {
  /// Waits for ``release``. A delivery under way is not stopped. If it succeeds or fails for good, that counts; otherwise the copy is held
  /// from then on. The reason is kept on one line.
  case hold(reason: String)
  /// A held copy is due at once, with a whole queue lifetime before it.
  case release
  /// The same, and its content is delivered as it is now: it is no longer compared with the checksum that it got when it was accepted.
  case forceRelease
  /// A waiting copy is due at once. Held ones stay held.
  case retry
  /// It fails at the runner's next look, with this reason, and its sender gets a report.
  case bounce(reason: String)
  /// It is removed, and nobody gets a report. The history keeps the reason.
  case delete(reason: String)
  /// It goes to another place from now on, and is due at once. Nil: to the place of its address again.
  case move(to: ParcelOrder.Place?)

  /// Whether copies that a runner has are left alone. Only ``hold(reason:)`` reaches them.
  public var sparesWorking: Bool {
    if case .hold = self { false } else { true }
  }
}

/// What became of one page of copies.
public struct QueueChangePage: Hashable, Sendable {
  /// The number of copies that were changed.
  public var changed = 0
  /// The number of copies that a runner has, and that were left alone for that.
  public var underWay = 0
  /// The last copy of the page; nil after the last page.
  public var last: ParcelID?

  public init(changed: Int = 0, underWay: Int = 0, last: ParcelID? = nil) {
    self.changed = changed
    self.underWay = underWay
    self.last = last
  }
}
