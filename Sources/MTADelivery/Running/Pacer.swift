/// How a runner lets time pass: all that it waits for by the clock goes through here, so that a test can turn time by hand.
///
/// ```swift
/// let clock = ManualClock()  // of MTATestSupport
/// let pacer = Pacer.real.waiting(for: [.due]) { clock.advance(by: $0) }
/// ```
///
/// Limits of a dialogue with a server are not among it: those are its event loop's.
public struct Pacer: Sendable {
  /// What is waited for.
  public enum Occasion: Hashable, Sendable, CaseIterable {
    /// Something in the queue is due, or a destination may go on.
    case due
    /// A store in trouble is asked again.
    case retry
    /// The least time between two mails to a destination is over.
    case interval
    /// It is time to see how mail moves.
    case laneLook
    /// It is time to see whether a runner died, and to renew leases.
    case leaseLook
    /// A hook is late.
    case hook
    /// What was under way when the service was to end has had its time.
    case grace
    /// And what was dismissed then has had time to end.
    case patience
  }

  /// Returns after the time, or throws when the calling task is cancelled.
  public let wait: @Sendable (Duration, Occasion) async throws -> Void

  public init(_ wait: @escaping @Sendable (_ duration: Duration, _ occasion: Occasion) async throws -> Void) {
    self.wait = wait
  }

  /// The same, but for some occasions.
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
