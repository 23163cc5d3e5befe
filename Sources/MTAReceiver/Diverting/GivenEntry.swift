import MTACore
import NIOConcurrencyHelpers

/// The desk of one connection that was let in, or refused, by somebody else: where each connection has a process of its own, the process
/// that accepts asks. It also gives the place back.
///
/// If the client is a front end that names another client, that one enters at the real desk.
final class GivenEntry: ReceptionDesk {
  private let entry: NIOLockedValueBox<DeskEntry?>
  private let isInside = NIOLockedValueBox(false)
  private let desk: any ReceptionDesk

  init(_ entry: DeskEntry, before desk: any ReceptionDesk) {
    self.entry = NIOLockedValueBox(entry)
    self.desk = desk
  }

  func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry {
    guard let given = entry.withLockedValue({ $0.take() }) else {
      return await desk.enter(client, isFrontEnd: isFrontEnd)
    }
    isInside.withLockedValue { $0 = given == .welcome }
    return given
  }

  func leave(_ client: IPAddress, isFrontEnd: Bool) {
    let isGiven = isInside.withLockedValue { isInside in
      defer { isInside = false }
      return isInside
    }
    if !isGiven { desk.leave(client, isFrontEnd: isFrontEnd) }
  }

  func note(_ event: ServerSession.ContactEvent, from client: IPAddress) { desk.note(event, from: client) }
  func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry {
    await desk.beginLogin(name, from: client)
  }
  func admit(_ attempt: LoginTry) async -> LoginTry? { await desk.admit(attempt) }
  func poll(_ number: UInt64) { desk.poll(number) }
  func giveUp(_ number: UInt64) { desk.giveUp(number) }
  func accepted(_ attempt: LoginTry) { desk.accepted(attempt) }
  func refused(_ attempt: LoginTry) async -> Duration { await desk.refused(attempt) }
  func left(_ attempt: LoginTry) { desk.left(attempt) }
  func abandoned(_ attempt: LoginTry) { desk.abandoned(attempt) }
  func answerTime() async -> Duration { await desk.answerTime() }
  func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance {
    await desk.allow(use, user: user, client: client)
  }
}
