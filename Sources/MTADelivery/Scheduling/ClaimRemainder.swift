/// What a claim left in the queue that is due.
enum ClaimRemainder: Hashable, Sendable {
  case nothing
  /// Nothing, but in the lanes that were left out.
  case inLanesLeftOut
  /// Perhaps something in any lane: it took as much as it might.
  case something

  /// - Parameters:
  ///   - isLess: the claim brought less than it might have.
  ///   - leavesOut: lanes were left out.
  init(isLess: Bool, leavesOut: Bool) { self = !isLess ? .something : leavesOut ? .inLanesLeftOut : .nothing }
}
