import MTACore
import MTASystem

/// Where our own work on one mail is done: on threads of its own (``WorkBench``), within a bound of processor time. The queue is told when
/// that is exceeded, and holds the mail the second time.
struct MailBench: Sendable {
  /// Content up to this is looked through at once, wherever the caller runs: it takes less than a change of threads.
  static let shortBytes = 65_536
  /// The bound is for so much content, and again for each such part beyond.
  private static let measure = 4_194_304

  let mail: MailID
  let bound: Duration
  let queue: any ParcelQueue
  let clock: any WallClock

  /// - Parameter bytes: how much content the work goes over.
  /// - Throws: `ProcessorTimeExceeded`, counted already; `CancellationError` as soon as the caller is cancelled; what `body` throws.
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
