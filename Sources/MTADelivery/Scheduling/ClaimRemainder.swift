/// What is due in the queue after a claim.
enum ClaimRemainder: Hashable, Sendable {
  case nothing
  /// Nothing, except in the lanes that were left out.
  case inLanesLeftOut
  /// Perhaps something in any lane: the claim took as much as it could.
  case something

  /// - Parameters:
  ///   - isLess: the claim brought less than its limit.
  ///   - leavesOut: the claim left lanes out.
  init(isLess: Bool, leavesOut: Bool) { self = !isLess ? .something : leavesOut ? .inLanesLeftOut : .nothing }
}
