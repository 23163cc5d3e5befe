package import Logging
package import MTACore

/// The desk of this process: of its own sessions, or of those of several receivers that ask it.
///
/// It suspends only where a store must be asked.
package struct LocalDesk: ReceptionDesk {
  private let contacts: ContactBook
  private let logins: LoginDesk
  /// Nil where the only receiver counts its connections itself.
  private let census: ConnectionCensus?
  private let limits: LimitBook?

  package init(contacts: ContactBook, logins: LoginDesk) {
    self.init(contacts: contacts, logins: logins, census: nil, limits: nil)
  }

  init(contacts: ContactBook, logins: LoginDesk, census: ConnectionCensus?, limits: LimitBook?) {
    self.contacts = contacts
    self.logins = logins
    self.census = census
    self.limits = limits
  }

  /// A desk with the limits of a receiver.
  ///
  /// - Parameters:
  ///   - limits: where counts of mails and recipients survive a restart; nil keeps them in memory.
  ///   - isShared: several receivers ask it. Each counts its own connections, and the desk those of all.
  package init(
    _ configuration: Receiver.Configuration, contacts: (any ContactStore)?, logins: (any LoginStore)?,
    limits: (any LimitStore)? = nil, clock: any WallClock, logger: Logger, isShared: Bool
  ) {
    self.init(
      contacts: ContactBook(configuration.contacts, store: contacts, clock: clock),
      logins: LoginDesk(
        configuration.logins, unlimited: configuration.contacts.neverProhibit,
        prefixLength: configuration.contacts.prefixLength, store: logins, clock: clock, logger: logger),
      census: isShared ? ConnectionCensus(configuration) : nil,
      limits: LimitBook(configuration, store: limits, clock: clock, logger: logger))
  }

  /// Other limits hold from now on. What was counted stays.
  package func renew(_ configuration: Receiver.Configuration) {
    contacts.renew(configuration.contacts)
    logins.renew(configuration.logins, unlimited: configuration.contacts.neverProhibit)
    census?.renew(configuration)
    limits?.renew(configuration)
  }

  /// Connections that have a place here now; nil where they are not counted.
  package var connectionCount: Int? { census?.total }

  package func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry {
    if let census, census.enter(client, isFrontEnd: isFrontEnd) == nil { return .full }
    if isFrontEnd { return .welcome }
    let refusal: DeskEntry
    switch await contacts.admit(client) {
    case .welcome: return .welcome
    case .warned(let until): refusal = .warned(until: until)
    case .slammed: refusal = .slammed
    }
    census?.leave(client)
    return refusal
  }

  package func ahead(of client: IPAddress) -> Int {
    guard let census, contacts.isSpotless(client) else { return 0 }
    return census.ahead(of: client)
  }

  package func leave(_ client: IPAddress, isFrontEnd: Bool) { census?.leave(client) }

  package func note(_ event: ServerSession.ContactEvent, from client: IPAddress) { contacts.note(event, from: client) }

  package func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry {
    var attempt = await logins.begin(name, from: client)
    if let limits, await limits.suspends(attempt.account) { attempt.isSuspended = true }
    return attempt
  }

  package func admit(_ attempt: LoginTry) async -> LoginTry? { await logins.admit(attempt) }
  package func poll(_ number: UInt64) { logins.poll(number) }
  package func giveUp(_ number: UInt64) { logins.giveUp(number) }
  package func accepted(_ attempt: LoginTry) { logins.accepted(attempt) }
  package func refused(_ attempt: LoginTry) -> Duration { logins.refused(attempt) }
  package func left(_ attempt: LoginTry) { logins.left(attempt) }
  package func abandoned(_ attempt: LoginTry) { logins.abandoned(attempt) }
  package func answerTime() -> Duration { logins.answerTime }
  package func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance {
    await limits?.allow(use, user: user, client: client) ?? .granted
  }
}
