/// Where connections, contacts and logins are counted, for all sessions of a server: in this process, or in one process for several
/// receivers.
///
/// Nothing here fails. What cannot be asked now is answered as a desk that knows nothing would: clients are let in, logins get 454.
package protocol ReceptionDesk: Sendable {
  /// Counts a connection (R1, R2). With ``DeskEntry/welcome`` it takes a place, which ``leave(_:isFrontEnd:)`` gives back; with any
  /// other answer it takes none.
  ///
  /// The answer is not cancelled when the client leaves, so that it is known whether there is a place to be given back. It comes within
  /// a bounded time.
  ///
  /// - Parameter isFrontEnd: many clients may be behind the address, so it has no limit and no contact of its own.
  func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry
  /// Gives a place back, once for each welcome and with its arguments: when the connection has gone, or when a front end names its client,
  /// who then enters in its place.
  func leave(_ client: IPAddress, isFrontEnd: Bool)

  /// So many more connections of a client may be let in at once and told of afterwards, by ``enter(_:isFrontEnd:)``. None of a client
  /// with an offence, and none where places grow scarce. It is said anew with each answer, and holds for a tenth of a second.
  func ahead(of client: IPAddress) -> Int

  /// Counts an offence or an accepted recipient (R3). Nothing waits for it.
  func note(_ event: ServerSession.ContactEvent, from client: IPAddress)

  /// A client names its account; nil if it does not.
  func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry
  /// Returns the try when it may be checked, and nil when it may not. Meanwhile ``poll(_:)`` asks again, and ``giveUp(_:)`` ends the wait.
  func admit(_ attempt: LoginTry) async -> LoginTry?
  /// Time has passed for a try that waits.
  func poll(_ number: UInt64)
  /// The client of a try that may be waiting has left.
  func giveUp(_ number: UInt64)
  func accepted(_ attempt: LoginTry)
  /// Counts a refusal.
  ///
  /// - Returns: the time of the answer, counted from the start of the check.
  func refused(_ attempt: LoginTry) async -> Duration
  /// The check had no result.
  func left(_ attempt: LoginTry)
  /// The client left during the check.
  func abandoned(_ attempt: LoginTry)
  /// The time after which an unchecked try is answered: at least as long as a refused one.
  func answerTime() async -> Duration

  /// Counts a mail or a recipient of the user who logged in, or else of the client.
  ///
  /// - Parameter user: the name of the login; nil for none.
  func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance
}

extension ReceptionDesk {
  package func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance { .granted }
}

extension ReceptionDesk {
  package func ahead(of client: IPAddress) -> Int { 0 }
}

/// What a connection gets of the desk.
package enum DeskEntry: Hashable, Sendable {
  case welcome
  /// Refused with the time at which the lockout ends (R2).
  case warned(until: Timestamp)
  /// Closed without a word.
  case slammed
  /// There are too many connections, in all or from this address. It is no contact.
  case full
}
