/// What the engine and the verification of a password tell each other, past the hook that stands between them.
///
/// A hook that answers nil though its password could not be verified at all must not turn a busy processor into a wrong password: the
/// engine is told, and answers 454 in place of 535.
package struct CredentialCheck: Hashable, Sendable {
  /// Somebody logged in to the account from the client's network: a verification need not wait behind those of strangers.
  package let isFromKnownNetwork: Bool
  /// The number of the try, by which the process that counts them knows it.
  package let attempt: UInt64
  private let note: @Sendable () -> Void
  private let keep: @Sendable (@escaping @Sendable () -> Void) -> Void

  /// - Parameters:
  ///   - attempt: the number of the try. Default: none that counts.
  ///   - note: called when a verification fails, and so says nothing of the password.
  ///   - keep: takes what is to be called when the session is over. Default: the verification is all that there is of a session.
  package init(
    isFromKnownNetwork: Bool, attempt: UInt64 = 0, noteFailure note: @escaping @Sendable () -> Void,
    atEnd keep: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { $0() }
  ) {
    self.isFromKnownNetwork = isFromKnownNetwork
    self.attempt = attempt
    self.note = note
    self.keep = keep
  }

  package func noteFailure() { note() }

  /// Calls `body` once, when the session is over: what the login gave ends with it.
  package func atEnd(_ body: @escaping @Sendable () -> Void) { keep(body) }

  /// Credentials are the same whatever becomes of them.
  package static func == (a: Self, b: Self) -> Bool { true }
  package func hash(into hasher: inout Hasher) {}
}
