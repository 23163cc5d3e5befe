import MTACore
import MTASystem
import NIOConcurrencyHelpers

extension ServedLink {
  /// Does what a receiver asks, except for commits.
  func perform(_ message: LinkMessage, _ number: UInt64) throws(LinkFault) {
    let desk = service.desk
    switch message {
    case .enter(let address, let isFrontEnd):
      ask(number) {
        let answer = await $0.enter(address, isFrontEnd)
        // One that was let in before it was told of.
        return number == 0 ? nil : answer
      }
    case .leave(let address, let isFrontEnd):
      if holdings.left(.init(address: address, isFrontEnd: isFrontEnd)) { desk.leave(address, isFrontEnd: isFrontEnd) }
    case .note(let event, let address): desk.note(event, from: address)
    case .beginLogin(let name, let address): ask(number) { await $0.beginLogin(name, address) }
    case .admit(let attempt): ask(number) { await $0.admit(attempt) }
    case .poll(let attempt): if let number = holdings.waiting(attempt) { desk.poll(number) }
    case .giveUp(let attempt): if let number = holdings.waiting(attempt) { desk.giveUp(number) }
    case .accepted(let attempt): accepted(attempt)
    case .refused(let attempt): ask(number) { await $0.refused(attempt) }
    case .left(let attempt): left(attempt, isAbandoned: false)
    case .abandoned(let attempt): left(attempt, isAbandoned: true)
    case .answerTime: ask(number) { .time(await $0.service.desk.answerTime()) }
    case .authenticate(let attempt, let credentials):
      guard let authenticate = service.configuration.authenticate else {
        throw LinkFault("credentials, though receivers check them")
      }
      ask(number) { await $0.verify(attempt, credentials, authenticate) }
    case .endSession(let token): holdings.endLogin(token)
    case .restore(let mailbox): ask(number) { .restored(await $0.service.configuration.restore(mailbox)) }
    case .rewrite(let mailbox): ask(number) { .rewritten(await $0.service.configuration.rewrite(mailbox)) }
    case .event(let event): keep(event)
    case .dialogue(let line, let lost): service.configuration.dialogue?(line, lost)
    case .allow(let use, let user, let address):
      ask(number) { .allowance(await $0.allow(use, user, address)) }
    default: throw LinkFault("a message that receivers do not send")
    }
  }

  /// Of a mail that another receiver brought, it may tell nothing.
  private func keep(_ event: EventRecord) {
    if event.kind == .accepted {
      guard let mail = event.mail, recent.withLockedValue({ $0.take(mail) }) else { return }
    }
    service.configuration.event?(event)
  }

  /// A receiver may not use up what others may send: it asks for users who are logged in with it.
  private func allow(_ use: SendingUse, _ user: String?, _ client: IPAddress) async -> Allowance {
    if let user, service.configuration.rule.demandsLogin, !holdings.hasLogin(Mailbox(user)) { return .unknown }
    return await service.desk.allow(use, user: user, client: client)
  }

  private func enter(_ address: IPAddress, _ isFrontEnd: Bool) async -> LinkMessage {
    let entry = await service.desk.enter(address, isFrontEnd: isFrontEnd)
    guard entry == .welcome, !holdings.entered(.init(address: address, isFrontEnd: isFrontEnd)) else {
      let ahead = entry == .welcome && !isFrontEnd ? service.desk.ahead(of: address) : 0
      return .entry(entry, ahead: UInt8(clamping: ahead))
    }
    service.desk.leave(address, isFrontEnd: isFrontEnd)
    return .entry(.full, ahead: 0)
  }

  private func beginLogin(_ name: String?, _ address: IPAddress) async -> LinkMessage? {
    let attempt = await service.desk.beginLogin(name, from: address)
    // A number that is none: it is not admitted.
    guard let number = holdings.began(attempt) else { return .began(0, isFromKnownNetwork: false, isSuspended: false) }
    return .began(number, isFromKnownNetwork: attempt.isFromKnownNetwork, isSuspended: attempt.isSuspended)
  }

  private func admit(_ number: UInt64) async -> LinkMessage {
    guard let attempt = holdings.admitting(number) else { return .admitted(false) }
    return .admitted(holdings.admitted(number, await service.desk.admit(attempt)))
  }

  private func accepted(_ number: UInt64) {
    guard let found = holdings.takeChecked(number) else { return }
    switch found.verdict {
    case .right?: service.desk.accepted(found.attempt)
    case nil where service.configuration.authenticate == nil: service.desk.accepted(found.attempt)
    case .wrong?, nil: count(found)
    }
  }

  /// A refusal counts whatever the receiver says of it.
  private func count(_ found: LinkHoldings.Try) {
    ask(0) {
      _ = await $0.service.desk.refused(found.attempt)
      return nil
    }
  }

  private func refused(_ number: UInt64) async -> LinkMessage {
    guard let found = holdings.takeChecked(number) else { return .time(await service.desk.answerTime()) }
    return .time(await service.desk.refused(found.attempt))
  }

  private func left(_ number: UInt64, isAbandoned: Bool) {
    guard let found = holdings.takeChecked(number) else { return }
    if found.verdict == .wrong {
      count(found)
    } else if isAbandoned {
      service.desk.abandoned(found.attempt)
    } else {
      service.desk.left(found.attempt)
    }
  }

  private func verify(
    _ number: UInt64, _ given: LinkCredentials,
    _ authenticate: @Sendable (Credentials, IPAddress) async -> LinkService.LoginAnswer
  ) async -> LinkMessage {
    guard let attempt = holdings.verifying(number, given.username) else { return .login(.failed) }
    if attempt.isSuspended {
      holdings.refused(number)
      return .login(.wrong)
    }
    var credentials = given.credentials
    credentials.check = CredentialCheck(isFromKnownNetwork: attempt.isFromKnownNetwork) {}
    switch await authenticate(credentials, attempt.address) {
    case .failed: return .login(.failed)
    case .wrong:
      holdings.refused(number)
      return .login(.wrong)
    case .right(let record):
      let name = given.username.isEmpty ? record.mailboxID ?? "" : given.username
      guard let token = holdings.loggedIn(number, as: Mailbox(name)) else { return .login(.failed) }
      return .login(.right(record, token: token))
    }
  }
}
