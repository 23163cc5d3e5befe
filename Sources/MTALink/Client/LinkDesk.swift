package import MTACore
import MTASystem
import NIOCore

/// The queue process's desk, as a receiver sees it.
package struct LinkDesk: ReceptionDesk {
  let client: LinkClient

  package func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry {
    let connection = LinkClient.Connection(address: client, isFrontEnd: isFrontEnd)
    if !isFrontEnd, self.client.enterAhead(connection) { return .welcome }
    let begin = MonotonicInstant.now
    let entry: DeskEntry
    switch await self.client.question(.enter(client, isFrontEnd: isFrontEnd), isShort: true, patience: patience) {
    case .entry(let answer, let ahead)?:
      entry = answer
      if ahead > 0 { self.client.mayEnter(client, Int(ahead), since: begin) }
    default: entry = .welcome
    }
    if entry == .welcome { self.client.changeHeld(connection, by: 1) }
    return entry
  }

  package func leave(_ client: IPAddress, isFrontEnd: Bool) {
    self.client.changeHeld(.init(address: client, isFrontEnd: isFrontEnd), by: -1)
    self.client.tellSoon(.leave(client, isFrontEnd: isFrontEnd))
  }

  package func note(_ event: ServerSession.ContactEvent, from client: IPAddress) {
    switch event {
    case .violation:
      self.client.askAgain(of: client)
      self.client.tell(.note(event, client))
    case .acceptance: self.client.tellSoon(.note(event, client))
    }
  }

  /// Away, no try has this number, so it is not admitted.
  private static let nobody: UInt64 = 0

  package func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry {
    let account = name.flatMap { LoginAccount($0) }
    let answer = await self.client.question(.beginLogin(name, client), patience: .zero)
    guard case .began(let number, let isKnown, let isSuspended)? = answer else {
      return LoginTry(number: Self.nobody, address: client, account: account, isFromKnownNetwork: false)
    }
    var attempt = LoginTry(number: number, address: client, account: account, isFromKnownNetwork: isKnown)
    attempt.isSuspended = isSuspended
    return attempt
  }

  package func admit(_ attempt: LoginTry) async -> LoginTry? {
    guard attempt.number != Self.nobody else { return nil }
    guard case .admitted(true)? = await client.question(.admit(attempt.number), patience: .zero) else { return nil }
    var admitted = LoginTry(
      number: attempt.number, address: attempt.address, account: attempt.account,
      isFromKnownNetwork: attempt.isFromKnownNetwork, standing: .checking)
    admitted.isSuspended = attempt.isSuspended
    return admitted
  }

  package func poll(_ number: UInt64) { client.tell(.poll(number)) }
  package func giveUp(_ number: UInt64) { client.tell(.giveUp(number)) }
  package func accepted(_ attempt: LoginTry) { client.tell(.accepted(attempt.number)) }

  package func refused(_ attempt: LoginTry) async -> Duration {
    await time(client.question(.refused(attempt.number), patience: .zero))
  }

  package func left(_ attempt: LoginTry) { client.tell(.left(attempt.number)) }
  package func abandoned(_ attempt: LoginTry) { client.tell(.abandoned(attempt.number)) }

  package func answerTime() async -> Duration { await time(client.question(.answerTime, patience: .zero)) }

  /// The mail could not be stored now either.
  package func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance {
    let answer = await self.client.question(.allow(use, user, client), isShort: true, patience: patience)
    return if case .allowance(let allowance)? = answer { allowance } else { .unknown }
  }

  /// As a desk without a measurement would say.
  private func time(_ answer: LinkMessage?) -> Duration {
    if case .time(let duration)? = answer { duration } else { .seconds(1) }
  }

  private var patience: Duration { client.configuration.deskPatience }
}

extension LinkClient {
  /// Asks, and returns the answer; nil if the queue process is away for longer than `patience`, or went.
  ///
  /// - Parameter isShort: the answer comes at once, so another such question waits for it.
  func question(_ message: LinkMessage, isShort: Bool = false, patience: Duration) async -> LinkMessage? {
    let number = takeNumber()
    var outgoing = Outgoing(frame: message.frame(number))
    outgoing.isShort = isShort
    return await withCheckedContinuation { continuation in
      ask(number, outgoing, patience: patience) { continuation.resume(returning: $0) }
    }
  }
}
