import MTACore
import NIOCore

/// Asking the hooks, and what stands in for one that fails.
extension ConnectionPump {
  func askHooks(_ question: Question) async -> Answer {
    guard var hooks = hooks.take() else { return .failed }
    askedHook = question.name
    var seen = session.conversation
    let begin = hookBegin
    let answer: Result<Answer, any Error> = await awaiting(for: environment.timing.budget(of: question)) {
      do { return .success(try await hooks.answer(question, &seen)) } catch { return .failure(error) }
    }
    self.hooks = hooks
    if let begin { count(question.hook, since: begin) }
    switch answer {
    case .success(let answer):
      session.adopt(seen)
      tell(answer, to: question)
      return answer
    case .failure(let error):
      note(failureOf: question.name, error)
      let standIn = question.standIn(question.hook.flatMap { session.configuration.hookFailures[$0] } ?? .defer)
      if standIn == .failed { tally.noteFailure(of: question.hook) } else { tell(standIn, to: question) }
      return standIn
    }
  }

  /// Shows the hooks the next piece of content.
  func showHooks(_ piece: ByteBuffer) async {
    guard var hooks = hooks.take() else { return }
    askedHook = HookName.contentPiece.rawValue
    var seen = session.conversation
    let budget = environment.timing.hookBudgets[.contentPiece]
    let begin = hookBegin
    let failure: (any Error)? = await awaiting(for: budget) {
      do { try await hooks.contentPiece(piece, &seen) } catch { return error }
      return nil
    }
    self.hooks = hooks
    if let begin { count(.contentPiece, since: begin) }
    guard let failure else { return session.adopt(seen) }
    note(failureOf: askedHook, failure)
    let mode = session.configuration.hookFailures[.contentPiece] ?? .defer
    if mode != .proceed { tally.noteFailure(of: .contentPiece) }
    session.contentHookFailed(mode)
  }

  /// A hook that was cancelled throws what it likes: it was late, whatever that is.
  func note(failureOf hook: String, _ error: any Error) {
    // A client that left has its hooks cancelled: that is no fault of theirs.
    if gone, error is CancellationError { return }
    tell(failureOf: hook, error)
  }

  func awaiting<Result>(for budget: Duration? = nil, _ body: () async -> Result) async -> Result {
    asking = true
    warned = false
    deadline = loop.now + (budget ?? environment.timing.hookBudget)
    let result = await body()
    asking = false
    return result
  }
}

/// What the log is told of a hook that does not end when it is cancelled.
struct IgnoredCancellation: Error, CustomStringConvertible {
  var description: String { "it ignores its cancellation" }
}
