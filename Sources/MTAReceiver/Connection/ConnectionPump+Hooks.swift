import Logging
import MTACore
import NIOCore

/// Asking the hooks, and what stands in for one that fails.
extension ConnectionPump {
  func askHooks(_ question: Question) async -> Answer {
    guard var hooks = hooks.take() else { return .failed }
    var seen = session.conversation
    let answer = await awaiting(for: environment.timing.budget(of: question)) { await hooks.answer(question, &seen) }
    self.hooks = hooks
    guard case .failed = answer else {
      session.adopt(seen)
      return answer
    }
    environment.logger.warning("a hook failed or was too late at \(question.name)")
    return question.standIn(question.hook.flatMap { session.configuration.hookFailures[$0] } ?? .defer)
  }

  /// Shows the hooks the next piece of content.
  func showHooks(_ piece: ByteBuffer) async {
    guard var hooks = hooks.take() else { return }
    var seen = session.conversation
    let budget = environment.timing.hookBudgets[.contentPiece]
    let failure: (any Error)? = await awaiting(for: budget) {
      do { try await hooks.contentPiece(piece, &seen) } catch { return error }
      return nil
    }
    self.hooks = hooks
    if failure == nil { return session.adopt(seen) }
    environment.logger.warning("a hook failed or was too late at contentPiece")
    session.contentHookFailed(session.configuration.hookFailures[.contentPiece] ?? .defer)
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
