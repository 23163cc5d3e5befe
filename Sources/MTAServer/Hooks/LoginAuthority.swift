package import MTACore
import NIOConcurrencyHelpers

/// Checks the passwords of the settings' users where their hashes are: in another process.
package struct LoginAuthority: Sendable {
  /// A login that was right.
  package struct Grant: Sendable {
    package var client: ClientRecord
    /// Called once, when the session that logged in is over: the other process forgets it.
    package var revoke: @Sendable () -> Void

    package init(_ client: ClientRecord, revoke: @escaping @Sendable () -> Void) {
      self.client = client
      self.revoke = revoke
    }
  }

  private let check: @Sendable (Credentials, ConnectionFacts) async throws -> Grant?

  /// - Parameter check: nil for wrong credentials, which always have a password. Throws when that cannot be found out now: the client
  ///   gets 454. A check that throws has granted nothing.
  package init(check: @escaping @Sendable (Credentials, ConnectionFacts) async throws -> Grant?) { self.check = check }

  func client(of credentials: Credentials, _ connection: ConnectionFacts) async throws -> ClientRecord? {
    // Other proofs fit no hash.
    guard case .password = credentials.proof else { return nil }
    guard let grant = try await check(credentials, connection) else { return nil }
    // Credentials that a program's own hooks made are of no session.
    if let session = credentials.check { session.atEnd(grant.revoke) } else { grant.revoke() }
    return grant.client
  }
}

extension LoginAuthority {
  private static let shared = NIOLockedValueBox<LoginAuthority?>(nil)

  /// Where a process has no hashes, it is set before the first connection: a program may make ``SettingsHooks`` itself, to put hooks of
  /// its own before them.
  package static var ofThisProcess: LoginAuthority? {
    get { shared.withLockedValue { $0 } }
    set { shared.withLockedValue { $0 = newValue } }
  }
}
