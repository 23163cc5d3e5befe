import MTACore
import NIOConcurrencyHelpers

/// Makes tasks that report about one mail take turns, so each knows what the one before has queued.
final class ReportTurns: Sendable {
  /// By mail: the tasks that wait while one has its turn.
  private let waiting = NIOLockedValueBox<[MailID: [CheckedContinuation<Void, Never>]]>([:])

  func take<Result: Sendable>(
    for mail: MailID, _ body: () async -> Result
  ) async -> Result {
    await withCheckedContinuation { turn in
      let isFree = waiting.withLockedValue { waiting in
        guard waiting[mail] == nil else {
          waiting[mail]?.append(turn)
          return false
        }
        waiting[mail] = []
        return true
      }
      if isFree { turn.resume() }
    }
    defer {
      let next: CheckedContinuation<Void, Never>? = waiting.withLockedValue { waiting in
        guard let others = waiting[mail], let first = others.first else {
          waiting[mail] = nil
          return nil
        }
        waiting[mail] = Array(others.dropFirst())
        return first
      }
      next?.resume()
    }
    return await body()
  }
}
