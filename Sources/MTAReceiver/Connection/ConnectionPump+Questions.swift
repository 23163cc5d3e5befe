import Logging
import MTACore

import struct MTASystem.MonotonicInstant

/// Who answers what the session asks.
extension ConnectionPump {
  func ask(_ question: Question) async -> Answer {
    guard trace != nil else { return await answer(to: question) }
    noteRules(before: question)
    let begin = MonotonicInstant.now
    let answer = await answer(to: question)
    note(answer, to: question, since: begin)
    return answer
  }

  func answer(to question: Question) async -> Answer {
    switch question {
    case .domainExists(let name):
      return .domainExists(await awaiting { await self.environment.lookup.knowsMailDomain(name) })
    case .time: return .time(environment.clock.now)
    case .route(let name): return .route(await awaiting { await self.environment.route(of: name) })
    case .restore(let mailbox, let now):
      return await askRewriter { desk throws in .restored(try await desk.restore(mailbox, at: now)) }
    case .rewrite(let mailbox, let now):
      return await askRewriter { desk throws in .rewritten(try await desk.rewrite(mailbox, at: now)) }
    case .allowance(let use):
      let (user, client) = (session.conversation.login?.name, facts.remoteAddress)
      return .allowance(await environment.desk.allow(use, user: user, client: client))
    case .auth(let credentials): return await askWhose(credentials)
    case .loginProof(let user): return await beginLogin(user) ? .noted : .loginsExhausted
    case .loginRefused: return await holdRefusal()
    case .inspection:
      guard let inspector = inspector.take() else { return .inspection([], at: environment.clock.now) }
      let results = await awaiting { await self.finish(inspector) }
      return .inspection(results, at: environment.clock.now)
    default: return await askHooks(question)
    }
  }

  /// The secret is elsewhere, and may be out of reach.
  private func askRewriter(_ body: (any RewritingDesk) async throws -> Answer) async -> Answer {
    guard let desk = environment.rewriting else { return .failed }
    let answer: Result<Answer, any Error> = await awaiting {
      do { return .success(try await body(desk)) } catch { return .failure(error) }
    }
    switch answer {
    case .success(let answer): return answer
    case .failure(let error):
      environment.logger.warning("a sender could not be rewritten or restored", metadata: ["reason": "\(error)"])
      return .failed
    }
  }
}
