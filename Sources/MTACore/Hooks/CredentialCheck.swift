/// What the engine and the verification of a password tell each other, past the hook that stands between them.
///
/// A hook that answers nil though its password could not be verified at all must not turn a busy processor into a wrong password: the
/// engine is told, and answers 454 in place of 535.
package struct CredentialCheck: Hashable, Sendable {
  /// Somebody logged in to the account from the client's network: a verification need not wait behind those of strangers.
  package let isFromKnownNetwork: Bool
  private let note: @Sendable () -> Void

  /// - Parameter note: called when a verification fails, and so says nothing of the password.
  package init(isFromKnownNetwork: Bool, noteFailure note: @escaping @Sendable () -> Void) {
    self.isFromKnownNetwork = isFromKnownNetwork
    self.note = note
  }

  package func noteFailure() { note() }

  /// Credentials are the same whatever becomes of them.
  package static func == (a: Self, b: Self) -> Bool { true }
  package func hash(into hasher: inout Hasher) {}
}
