import MTACore
import MTASystem

/// Runs our own work on one mail on threads of their own (``WorkBench``), within a limit of processor time. If the limit is exceeded,
/// the queue is told, and holds the mail the second time.
struct MailBench: Sendable {
  /// Content up to this size is read at once, on the caller's executor: that takes less time than a change of threads.
  static let shortBytes = 65_536
  /// The limit is for this amount of content, and again for each further amount.
  private static let measure = 4_194_304

  let mail: MailID
  let bound: Duration
  let queue: any ParcelQueue
  let clock: any WallClock

  /// - Parameter bytes: the amount of content that the work reads.
  /// - Throws: `ProcessorTimeExceeded`, already counted; `CancellationError` as soon as the caller is cancelled; the errors of `body`.
  func run<Value: Sendable>(
    over bytes: Int, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    do {
      return try await WorkBench.shared.run(for: mail, within: bound * (1 + bytes / Self.measure), body)
    } catch let failure as ProcessorTimeExceeded {
      // One that cannot be written down now is counted when the next attempt comes to the same.
      _ = try? await queue.suspect(mail, because: "\(failure)", at: clock.now)
      throw failure
    }
  }
}
