/// How a runner waits. All of its waiting by the clock goes through here, so a test can move time by hand.
///
/// ```swift
/// let clock = ManualClock()  // of MTATestSupport
/// let pacer = Pacer.real.waiting(for: [.due]) { clock.advance(by: $0) }
/// ```
///
/// The time limits of a dialogue with a server are different: its event loop has them.
public struct Pacer: Sendable {
  /// What the runner waits for.
  public enum Occasion: Hashable, Sendable, CaseIterable {
    /// Something in the queue is due, or a destination may go on.
    case due
    /// A store in trouble is asked again.
    case retry
    /// The least time between two mails to a destination has passed.
    case interval
    /// It is time to measure how mail moves.
    case laneLook
    /// It is time to look for dead runners, and to renew leases.
    case leaseLook
    /// A hook is late.
    case hook
    /// The grace period is over: deliveries under way are cancelled.
    case grace
    /// Cancelled deliveries have had their time to end.
    case patience
  }

  /// Returns after the time. Throws when the calling task is cancelled.
  public let wait: @Sendable (Duration, Occasion) async throws -> Void

  public init(_ wait: @escaping @Sendable (_ duration: Duration, _ occasion: Occasion) async throws -> Void) {
    self.wait = wait
  }

  /// The same, with another wait for some occasions.
  public func waiting(
    for occasions: Set<Occasion>, by wait: @escaping @Sendable (Duration) async throws -> Void
  ) -> Pacer {
    Pacer { [other = self.wait] duration, occasion in
      if occasions.contains(occasion) { try await wait(duration) } else { try await other(duration, occasion) }
    }
  }

  /// The clock of the machine.
  public static let real = Pacer { duration, _ in try await Task.sleep(for: duration) }
}
