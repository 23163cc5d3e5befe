import Logging
import MTACore
import NIOConcurrencyHelpers

/// Logins, between the session that asks, the hooks that know, and the desk that counts.
extension ConnectionPump {
  /// The hooks are asked only when the desk lets them.
  func askWhose(_ credentials: Credentials) async -> Answer {
    guard await beginLogin(credentials.username) else { return .loginsExhausted }
    // Right or wrong, they are not looked at: so nobody learns which.
    if login?.attempt.isSuspended == true { return .client(nil) }
    let hasFailed = NIOLockedValueBox(false)
    let end = sessionEnd ?? SessionEnd()
    sessionEnd = end
    var credentials = credentials
    credentials.check = CredentialCheck(
      isFromKnownNetwork: login?.attempt.isFromKnownNetwork ?? false, attempt: login?.attempt.number ?? 0,
      noteFailure: { hasFailed.withLockedValue { $0 = true } }, atEnd: { end.add($0) })
    let answer = await askHooks(.auth(credentials))
    switch answer {
    case .client(.some):
      tally.hasLogin = true
      if let login = login.take() { environment.desk.accepted(login.attempt) }
    // A hook that took a verification that failed for one that said no.
    case .client(nil) where hasFailed.withLockedValue({ $0 }):
      environment.logger.warning(
        "a password could not be verified", metadata: ["client": "\(facts.remoteAddress)"])
      return .failed
    default: break
    }
    return answer
  }

  /// The credentials are wrong: the answer waits for its time.
  func holdRefusal() async -> Answer {
    guard await beginLogin(nil), let login = login.take() else { return .loginsExhausted }
    if login.attempt.isSuspended {
      environment.noteSuspended(login.attempt)
    } else {
      tell(loginRefusedTo: login.attempt.account)
    }
    let hold = await environment.desk.refused(login.attempt)
    await self.hold(until: login.startedAt + hold)
    return .noted
  }

  /// Whether a login may be checked. Waits for that, but not for ever.
  func beginLogin(_ name: String?) async -> Bool {
    if login != nil { return true }
    let askedAt = loop.now
    let attempt = await awaiting { await self.environment.desk.beginLogin(name, from: self.facts.remoteAddress) }
    queuedLogin = attempt.number
    let admitted = gone || leaving ? nil : await environment.desk.admit(attempt)
    queuedLogin = nil
    guard let admitted else {
      let answerTime = await environment.desk.answerTime()
      await hold(until: askedAt + answerTime)
      return false
    }
    // By the loop's clock, so that the time of the answer does not depend on how long the check takes.
    login = (admitted, loop.now)
    return true
  }

  /// What was begun is over without a result.
  func dropLogin() {
    guard let login = login.take() else { return }
    if gone { environment.desk.abandoned(login.attempt) } else { environment.desk.left(login.attempt) }
  }

  /// The client, or the server, leaves: nothing is waited for any more.
  func endQueueing() { if let queuedLogin { environment.desk.giveUp(queuedLogin) } }
}
